"""Running the suite for its answers, when those of the last run are missing or old."""

import re
import subprocess
import sys

from rich.console import Console

from workbench import files, progress
from workbench.compare import answers
from workbench.errors import WorkbenchError
from workbench.paths import BUILD, PROJECT

LOG = BUILD / "suite.log"
PERCENT = re.compile(r"\[\s*(\d+)%\]")


def measured(*, fresh: bool = False) -> answers.Comparison:
    """The comparison; the suite is run for it if it is missing, older than the code, or `fresh`.

    Raises WorkbenchError when the suite ends without an answer to every question.
    """
    if fresh or not is_current():
        run()
    return answers.read()


def is_current() -> bool:
    """Return whether the answers are newer than everything that they were measured on."""
    sources = files.sources("conftest.py", "requirements.lock", "suite/**/*", "variants/**/*")
    return files.are_current([answers.FILE], sources)


def run() -> None:
    """Run the suite on all four variants under a progress bar; its output is in build/suite.log."""
    before = answers.FILE.stat().st_mtime_ns if answers.FILE.exists() else 0
    LOG.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "--verbose", "--color=no"]
    suite = subprocess.Popen(
        command, cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        watch(suite)
    except BaseException:
        suite.terminate()
        suite.wait()
        raise
    written = answers.FILE.exists() and answers.FILE.stat().st_mtime_ns > before
    if not written:
        raise WorkbenchError(
            f"The suite gave no whole comparison; why is in {LOG.relative_to(PROJECT)}."
        )
    if suite.returncode:
        Console(stderr=True).print(
            "Some tests of the suite failed, so take these answers with care: run `pytest`."
        )


def watch(suite: "subprocess.Popen[str]") -> None:
    """Show how far the suite is, and keep what it prints, until it ends."""
    assert suite.stdout is not None
    with progress.bar("Asking the four variants") as tell, LOG.open("w") as log:
        for line in suite.stdout:
            log.write(line)
            if found := PERCENT.search(line):
                tell("Asking the four variants", int(found[1]) / 100)
        suite.wait()
