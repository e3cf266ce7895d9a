"""Visitors of the old and of the new code while a move runs: how long they wait, what fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.move.project import Project
from workbench.move.report import Act, Failure, VisitSummary
from workbench.server import processes

# seconds for which they come and go before the move and after it
BEFORE = AFTER = 1


@dataclass
class Visit:
    """What one visitor did: their acts in order, and what they wrote of each player."""

    acts: list[Act] = field(default_factory=list)
    wrote: dict[str, dict[str, str]] = field(default_factory=dict)


@contextmanager
def visiting(project: Project, name: str) -> Iterator[Visit]:
    """Let a visitor of that code come and go for the time of the block; what they did, after it.

    name: what the names of their players begin with.
    """
    visit = Visit()
    process = project.start("workbench.move.inside.visitor", "had a visitor who failed", name=name)
    try:
        process.hear()
        yield visit
        process.close()
        told = process.hear()
        visit.acts, visit.wrote = told["acts"], told["wrote"]
    finally:
        processes.end([process])


def summary(visit: Visit, began: float, lost: list[str]) -> VisitSummary:
    """Return what a page tells of a visit; times in seconds since the move began.

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


def told(act: Act, began: float) -> Failure:
    """An error: when it came, at what, and its first line."""
    return {"at": act[0] + act[1] - began, "what": act[2], "error": act[3]}
