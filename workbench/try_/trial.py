"""`workbench try`: one registration in all variants, what ran and what it left."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import WorkbenchError
from workbench.server import prepare, processes
from workbench.variants import VARIANTS

Processes = dict[str, subprocess.Popen[str]]

PLAYER = {
    "email": "tasha@example.com",
    "password1": "roll-for-initiative",
    "password2": "roll-for-initiative",
    "birthdate": "1990-10-05",
    "discord_id": "284019375620184320",
    "zoom_id": "81736452910",
}


@dataclass(frozen=True)
class Trial:
    """What registering did in one variant: its SQL, values included, and the rows by table."""

    variant: str
    statements: tuple[str, ...]
    rows: dict[str, list[dict[str, Any]]]


def register(server: Mapping[str, str], username: str, *, keep: bool) -> list[Trial]:
    """Register a player of that name in every variant, and remove it again unless it is to stay.

    server holds libpq's variables. Raises WorkbenchError, with the form's own words, if a variant
    refuses; then the player stays in none.
    """
    prepare.prepare_new(server, *VARIANTS)
    order = json.dumps(PLAYER | {"username": username})
    running = {
        name: processes.spawn_inside(name, server, "workbench.try_.inside.register", order)
        for name in VARIANTS
    }
    try:
        trials = [_trial(name, process) for name, process in running.items()]
        for name, process in running.items():
            _finish(name, process, "keep\n" if keep else "")
        return trials
    finally:
        _remove(running)


def _trial(name: str, process: subprocess.Popen[str]) -> Trial:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        _finish(name, process, "")
    answer = json.loads(line)
    if "errors" in answer:
        field, complaints = next(iter(answer["errors"].items()))
        raise WorkbenchError(f"{name} refuses the {field}: {' '.join(complaints)}")
    return Trial(name, tuple(answer["statements"]), answer["rows"])


def _finish(name: str, process: subprocess.Popen[str], word: str) -> None:
    _, errors = process.communicate(word)
    if process.returncode:
        raise WorkbenchError(
            f"{name} could not register the player ({prepare.last_line(errors)}): try it in its "
            "pages, with `workbench serve`."
        )


def _remove(running: Processes) -> None:
    """The end of its input makes a process remove its player; it gets the time to do so."""
    for process in running.values():
        if process.stdin and not process.stdin.closed:
            process.stdin.close()
    for process in running.values():
        try:
            process.wait(processes.GRACE)
        except subprocess.TimeoutExpired:
            processes.end([process])
