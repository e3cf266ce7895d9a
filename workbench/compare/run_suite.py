"""Run the suite for its answers, or take those that come with the clone."""

import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from workbench import progress
from workbench.compare import answers, results
from workbench.errors import WorkbenchError
from workbench.paths import BUILD, PROJECT

LOG = BUILD / "suite.log"
# pytest's exit code when it cannot begin, and how it then says why
USAGE_ERROR = 4
REASON = re.compile(r"^ERROR: (.+)$", re.MULTILINE)
PERCENT = re.compile(r"\[\s*(\d+)%\]")


def measured(*, fresh: bool = False, django: str | None = None) -> answers.Comparison:
    """Return the recorded comparison, of another Django if one is named, or a fresh one.

    fresh: run the suite here and return what it measured. Raises WorkbenchError when the suite
    ends without an answer to every question, or if nothing is recorded for that Django.
    """
    if not fresh:
        return results.load(django)
    run([sys.executable])
    return answers.read()


def run(
    python: list[str],
    file: Path = answers.FILE,
    what: str = "Asking the four variants",
    *,
    may_differ: bool = False,
) -> bool:
    """Run the suite on all four variants under a progress bar; its output is in build/suite.log.

    python: the command of the interpreter. file: where its answers go. may_differ: whether it
    passes if the answers are not the recorded ones. Returns whether all tests passed. Raises
    WorkbenchError when it ends without an answer to every question, with pytest's
    reason if it could not begin: a Django that refuses this PostgreSQL, say.
    """
    file.unlink(missing_ok=True)
    log = LOG if file == answers.FILE else file.with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [*python, "-m", "pytest", "suite", "--verbose", "--color=no", "--answers", str(file)]
    command += ["--may-differ"] if may_differ else []
    suite = subprocess.Popen(
        command, cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        watch(suite, log, what)
    except BaseException:
        suite.terminate()
        suite.wait()
        raise
    if not file.exists():
        if suite.returncode == USAGE_ERROR and (said := REASON.search(log.read_text())):
            raise WorkbenchError(said[1])
        raise WorkbenchError(
            f"The suite gave no whole comparison; why is in {log.relative_to(PROJECT)}."
        )
    if suite.returncode:
        Console(stderr=True).print(
            f"Some tests of the suite failed: see {log.relative_to(PROJECT)}."
        )
    return suite.returncode == 0


def watch(suite: "subprocess.Popen[str]", log: Path, what: str) -> None:
    """Show how far the suite is, and keep what it prints, until it ends."""
    assert suite.stdout is not None
    with progress.bar(what) as tell, log.open("w") as written:
        for line in suite.stdout:
            written.write(line)
            if found := PERCENT.search(line):
                tell(what, int(found[1]) / 100)
        suite.wait()
