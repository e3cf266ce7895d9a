"""`workbench seed`: what it refuses, its progress bars, and the summary at the end."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import typer
from psycopg import sql
from rich.console import Console
from rich.progress import TaskID, TextColumn
from rich.table import Table

from workbench import progress
from workbench.errors import WorkbenchError
from workbench.schema import tables
from workbench.seed import players as made_up
from workbench.seed.players import SEED
from workbench.server import databases, postgres, processes
from workbench.variants import VARIANTS, checked

ALL = "all"
# the keys of Django's own users are integers
MOST = 2_000_000_000
MOST_SEEDS = 1_000_000_000
# bytes that a player takes in a variant, with what PostgreSQL writes on the way
ROOM = 1_000


@dataclass(frozen=True)
class Loaded:
    """A finished load: how many players it added to which variant, and the seconds it took."""

    variant: str
    players: int
    seconds: float


def seed(
    variant: Annotated[str, typer.Argument(help=f"all, or one of {', '.join(VARIANTS)}.")],
    players: Annotated[int, typer.Option(help="So many are added.")] = 100_000,
    number: Annotated[
        int, typer.Option("--seed", help="Another number makes other players.")
    ] = SEED,
    password: Annotated[
        str,
        typer.Option(
            envvar="SEED_PASSWORD",
            help="All new users can log in with it. Without it, they cannot log in. Other users of "
            "the machine can see a command line, but not the environment.",
        ),
    ] = "",
) -> None:
    """Add many made-up players to a variant's database, or the same ones to all four.

    Example: workbench seed all --players 1000000
    """
    names = VARIANTS if variant == ALL else (checked(variant),)
    if not 1 <= players <= MOST:
        raise WorkbenchError(f"Say how many players, from 1 to {MOST:,}: --players 100000.")
    if not 0 <= number < MOST_SEEDS:
        raise WorkbenchError(f"Say a --seed from 0 to {MOST_SEEDS - 1:,}.")
    with postgres.server(large=True) as server:
        postgres.check_room(players * len(names), players * len(names) * ROOM)
        databases.prepare(server, names)
        empty = lacking(server, names, players, number)
        show(Console(), fill(server, empty, players, number, password))


def lacking(server: Mapping[str, str], names: Iterable[str], players: int, seed: int) -> list[str]:
    """Return the variants that lack the players of the seed: an interrupted run has left them out.

    Raises WorkbenchError if none lacks them, or if a variant holds another number of them.
    """
    found = []
    for name in (names := list(names)):
        held = [is_held(server, name, number, seed) for number in (1, players, players + 1)]
        if not held[0]:
            found.append(name)
        elif held != [True, True, False] or len(names) == 1:
            raise already(name, seed)
    if not found:
        raise already(ALL, seed)
    return found


def is_held(server: Mapping[str, str], variant: str, number: int, seed: int) -> bool:
    """Return whether the variant's database holds the seed's player of that number."""
    player = next(made_up.players(1, seed, first=number))
    table = tables.user_table(variant, tables.read(server, variant))
    query = sql.SQL("SELECT FROM {} WHERE upper(username) = upper(%s)")
    with postgres.connect(server, variant) as connection:
        found = connection.execute(query.format(sql.Identifier(table)), [player["username"]])
        return found.rowcount > 0


def fill(
    server: Mapping[str, str], names: Iterable[str], number: int, of: int, password: str
) -> list[Loaded]:
    """Load the variants one after the other, each with a progress bar."""
    columns = (
        TextColumn("{task.completed:>11,.0f} players {task.fields[rate]:>9,.0f}/s"),
        TextColumn("{task.fields[now]}"),
    )
    loaded = []
    with progress.bars(*columns) as bars:
        for name in names:
            task = bars.add_task(f"{name:<16}", total=number, rate=0, now="loading")

            def told(so_far: int, task: TaskID = task) -> None:
                rate = so_far / (bars.tasks[task].elapsed or 1)
                now = "loading" if so_far < number else "building the indexes"
                bars.update(task, completed=so_far, rate=rate, now=now)

            loaded.append(load(server, name, name, number, of, told, password=password, demo=True))
            bars.update(task, now="done")
    return loaded


def show(console: Console, loaded: Iterable[Loaded]) -> None:
    """A line for each variant."""
    table = Table("variant")
    for head in ("players", "seconds", "players a second"):
        table.add_column(head, justify="right")
    for one in loaded:
        rate = one.players / one.seconds
        table.add_row(one.variant, f"{one.players:,}", f"{one.seconds:.1f}", f"{rate:,.0f}")
    console.print(table)


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
    all of them log in; without one they cannot. demo: a database without users gets the demo
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
    holds = "All hold" if database == ALL else f"{database} holds"
    return WorkbenchError(
        f"{holds} players of seed {seed} already, so nothing was added. "
        "Use another --seed to add others."
    )
