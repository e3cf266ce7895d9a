"""`workbench site`: everything that the site shows is gathered, filled in and built."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import fasteners  # type: ignore[import-untyped]
from rich.console import Console

from workbench import files, npm, progress
from workbench.compare.run_suite import measured
from workbench.errors import WorkbenchError
from workbench.notebook import run
from workbench.paths import BUILD, PROJECT, SITE
from workbench.site import goals, notebooks, pages, playground, search, snapshots

COMPLAINT = re.compile(r"^(?:WARNING|ERROR)\s+-\s+(.*)|^(?:Config value|Error: )(.*)", re.MULTILINE)


def build(console: Console, *, fresh: bool = False) -> Path:
    """Build the site; returns the folder that holds it.

    The answers are the recorded ones, or, if `fresh`, those of a run of the suite. Raises
    WorkbenchError, with the first complaint, when a page is wrong: a broken link is one.
    """
    # one at a time
    with fasteners.InterProcessLock(files.writable(BUILD) / "site.lock"):
        return _build(console, fresh=fresh)


def _build(console: Console, *, fresh: bool) -> Path:
    comparison = measured(fresh=fresh)
    found = snapshots.current(fresh=fresh)
    run.executed(fresh=fresh)
    began = time.monotonic()
    steps: list[tuple[str, Callable[[], object]]] = [
        ("Fetching what comes from npm", npm.node_modules),
        ("Computing the goals of the playground", goals.current),
        ("Filling in the pages", lambda: pages.render(comparison, found)),
        ("Packing the search", lambda: search.write(pages.RENDERED)),
        (
            "Packing the playground",
            lambda: playground.write(pages.RENDERED, found, goals.current()),
        ),
        ("Writing the notebooks", lambda: notebooks.write(pages.RENDERED)),
        ("Building the site", mkdocs),
    ]
    with progress.steps() as tell:
        for description, step in steps:
            tell(description)
            step()
    console.print(f"Built in {time.monotonic() - began:.0f} s: {SITE.relative_to(PROJECT)}/")
    console.print("To read it: workbench serve")
    return SITE


def mkdocs() -> None:
    """Run mkdocs; raises WorkbenchError with its first complaint, for a warning too.

    The site that was there is served until the new one is whole.
    """
    new = SITE.with_name("site.new")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(new)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    if done.returncode:
        log = BUILD / "site.log"
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        found = COMPLAINT.search(done.stdout + done.stderr)
        said = next(filter(None, found.groups())) if found else "mkdocs failed"
        raise WorkbenchError(f"{said.strip().rstrip('.')}: all of it is in {_short(log)}.")
    shutil.rmtree(SITE, ignore_errors=True)
    new.rename(SITE)


def _short(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()
