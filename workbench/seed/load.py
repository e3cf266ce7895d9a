"""Filling a database of a variant with the players of a seed, through the variant's own roster."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workbench import prepare, processes
from workbench.errors import WorkbenchError
from workbench.seed.players import SEED


@dataclass(frozen=True)
class Loaded:
    """What was loaded: so many players into a variant, in so many seconds of roster.add_many()."""

    variant: str
    players: int
    seconds: float


def load(
    server: Mapping[str, str],
    variant: str,
    database: str,
    players: int,
    seed: int = SEED,
    told: Callable[[int], None] = lambda number: None,
    *,
    password: str = "",
    demo: bool = False,
) -> Loaded:
    """Add so many players of the seed to a database of the variant, all or none.

    server holds libpq's variables. The database is there; it is migrated first. told hears how
    many players were handed over so far; after the last of them, indexes are built. password lets
    all of them log in; without one nobody can. demo: a database without users gets the demo
    players, too, afterwards. PostgreSQL gathers its statistics at the end. Raises WorkbenchError
    if a player is there already or PostgreSQL refuses.
    """
    order = {
        "database": database,
        "players": players,
        "seed": seed,
        "password": password or None,
        "demo": prepare.DEMO if demo else {},
    }
    process = processes.spawn_inside(variant, server, "seed", json.dumps(order))
    try:
        return _loaded(variant, database, process, told)
    finally:
        processes.end([process])


def _loaded(
    variant: str, database: str, process: subprocess.Popen[str], told: Callable[[int], None]
) -> Loaded:
    assert process.stdout is not None
    answer = {}
    for line in process.stdout:
        answer = json.loads(line)
        if "handed_over" in answer:
            told(answer["handed_over"])
    _, errors = process.communicate()
    if process.returncode:
        said = prepare.last_line(errors)
        raise WorkbenchError(
            f"{database} could not be loaded ({said}): put that right and try again; "
            "it is as it was before."
        )
    if "refused" in answer:
        raise WorkbenchError(answer["refused"])
    return Loaded(variant, answer["players"], answer["seconds"])
