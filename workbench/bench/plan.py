"""How much is measured: so many players, rounds and seconds, and whether there is room."""

from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.server import postgres

STEPS = (1_000, 10_000, 100_000)
FULL, QUICK = 1_000_000, 10_000
# bytes on disk for each player of a subject, with indexes and the log written meanwhile
ROOM = 1_500
# bytes that PostgreSQL takes whatever the number of players
BASE = 1_500_000_000


@dataclass(frozen=True)
class Plan:
    """sizes: of the databases, in players; the last one is what was asked for.

    budget: seconds for one sample. times: samples of what PostgreSQL counts. loads: how often
    players are loaded in each way, at the last size; at the others it is once.
    """

    players: int
    quick: bool
    sizes: tuple[int, ...]
    rounds: int
    budget: float
    times: int
    loads: int = 3


def plan(players: int | None, *, quick: bool) -> Plan:
    """Return the plan for so many players, or as many as is usual.

    Raises WorkbenchError if there are too few or too many.
    """
    if players is not None and players < 100:
        raise WorkbenchError("Fewer than 100 players are too few to measure: say 100 or more.")
    players = players or (QUICK if quick else FULL)
    # players' names have seven digits
    if players > 9_999_999:
        raise WorkbenchError("More than 9,999,999 players have no names here: say fewer.")
    sizes = (*(step for step in STEPS if step < players), players)
    if quick:
        return Plan(players, True, sizes, rounds=3, budget=0.01, times=3)
    return Plan(players, False, sizes, rounds=11, budget=0.03, times=5)


def check_room(players: int, subjects: int) -> None:
    """Raise WorkbenchError if the embedded server's disk will not do."""
    postgres.check_room(players, BASE + players * subjects * ROOM)
