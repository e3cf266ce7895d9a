"""Filling a database of a variant with the players of a seed, through the variant's own roster."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.seed.players import SEED
from workbench.server import prepare, processes


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
    process = processes.spawn_inside(variant, server, "workbench.seed.inside", json.dumps(order))
    try:
        said = _said(process, told)
        _, errors = process.communicate()
    finally:
        processes.end([process])
    if process.returncode:
        raise WorkbenchError(
            f"{database} could not be loaded ({prepare.last_line(errors)}), and is as it was: put "
            "that right and try again."
        )
    if "taken" in said:
        raise already(database, seed)
    return Loaded(variant, players, said["seconds"])


def already(database: str, seed: int) -> WorkbenchError:
    """What to say when there are players of this seed."""
    return WorkbenchError(
        f"{database} holds players of seed {seed} already, so nobody was added: "
        "add others with another --seed."
    )


def _said(process: subprocess.Popen[str], told: Callable[[int], None]) -> dict[str, float]:
    """The last of its lines, once it has ended; told hears the others."""
    assert process.stdout is not None
    said: dict[str, float] = {}
    for line in process.stdout:
        said = json.loads(line)
        if "handed_over" in said:
            told(int(said["handed_over"]))
    return said
