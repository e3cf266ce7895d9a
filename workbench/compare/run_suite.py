"""Running the suite for its answers, when those of the last run are missing or old."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from workbench.compare import answers
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT

LOG = PROJECT / "build" / "suite.log"
PERCENT = re.compile(r"\[\s*(\d+)%\]")


def measured(*, fresh: bool = False) -> answers.Comparison:
    """The comparison; the suite is run for it if it is missing, older than the code, or `fresh`.

    Raises WorkbenchError when the suite ends without an answer to every question.
    """
    if fresh or not is_current():
        run()
    return answers.read()


def is_current() -> bool:
    """Whether the answers are younger than everything that they were measured on."""
    return answers.FILE.exists() and answers.FILE.stat().st_mtime > max(
        path.stat().st_mtime for path in measured_on()
    )


def measured_on() -> Iterator[Path]:
    """The files on which the answers depend: the suite, the variants, the locked packages."""
    yield PROJECT / "conftest.py"
    yield PROJECT / "requirements.lock"
    for folder in ("suite", "variants"):
        for path in (PROJECT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


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
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress, LOG.open("w") as log:
        asked = progress.add_task("Asking the four variants", total=100)
        assert suite.stdout is not None
        for line in suite.stdout:
            log.write(line)
            if found := PERCENT.search(line):
                progress.update(asked, completed=int(found[1]))
        suite.wait()
