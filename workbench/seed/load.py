"""Filling a database of a variant with the players of a seed, through the variant's own roster."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.seed.players import SEED
from workbench.server import databases, processes


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
        "number": players,
        "seed": seed,
        "password": password or None,
        "demo": databases.DEMO if demo else None,
    }
    failed = f"{database} could not be loaded"
    words = (failed, "it is as it was; put that right and try again")
    process = processes.inside(variant, server, "workbench.seed.inside.add", order, *words)
    try:
        while "handed_over" in (said := process.hear()):
            told(said["handed_over"])
        process.finish()
    finally:
        processes.end([process])
    if "taken" in said:
        raise already(database, seed)
    return Loaded(variant, players, said["seconds"])


def already(database: str, seed: int) -> WorkbenchError:
    """What to say when there are players of this seed."""
    return WorkbenchError(
        f"{database} holds players of seed {seed} already, so nobody was added: "
        "add others with another --seed."
    )
