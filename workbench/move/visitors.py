"""Visitors of the old and of the new code while a move runs: how long they wait, what fails."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workbench import variants
from workbench.move.project import Project
from workbench.paths import PROJECT
from workbench.server import processes

# seconds that a visitor may take to end; it waits for a lock at the worst
PATIENCE = 120
# seconds for which they come and go before the move and after it
BEFORE = AFTER = 1


@dataclass
class Visit:
    """What one visitor did: acts are [since the epoch, seconds, what, error], in their order."""

    acts: list[tuple[float, float, str, str]] = field(default_factory=list)
    wrote: dict[str, dict[str, str]] = field(default_factory=dict)


@contextmanager
def visiting(project: Project, name: str) -> Iterator[Visit]:
    """Let a visitor of that code come and go for the time of the block; what they did, after it.

    name: what the names of their players begin with.
    """
    visit = Visit()
    process = subprocess.Popen(
        variants.command("workbench.move.inside.visitor", project.order(), name),
        env=project.environment(),
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield visit
        said, _ = process.communicate("\n", timeout=PATIENCE)
        told: dict[str, Any] = json.loads(said.splitlines()[-1])
        visit.acts, visit.wrote = told["acts"], told["wrote"]
    finally:
        processes.end([process])


def summary(visit: Visit, began: float, lost: list[str]) -> dict[str, Any]:
    """What a page tells of a visit; times in seconds since the move began.

    began: since the epoch. lost: what was written and is not there afterwards.
    """
    errors = [act for act in visit.acts if act[3]]
    longest = max(visit.acts, key=lambda act: act[1])
    return {
        "acts": len(visit.acts),
        "until": visit.acts[-1][0] - began,
        "longest": {"seconds": longest[1], "what": longest[2], "at": longest[0] - began},
        "errors": len(errors),
        "first_error": told(errors[0], began) if errors else None,
        "last_error": told(errors[-1], began) if errors else None,
        "wrote": len(visit.wrote),
        "lost": lost,
    }


def told(act: tuple[float, float, str, str], began: float) -> dict[str, Any]:
    """An error: when it came, at what, and its first line."""
    return {"at": act[0] + act[1] - began, "what": act[2], "error": act[3]}
