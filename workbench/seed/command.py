"""The command: what it refuses, its progress bars, and the summary at the end."""

import shutil
from collections.abc import Iterable, Mapping

from psycopg import sql
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from workbench import paths
from workbench.errors import WorkbenchError
from workbench.schema import tables as schema
from workbench.seed.load import Loaded, already, load
from workbench.seed.players import players
from workbench.server import postgres, prepare
from workbench.variants import VARIANTS, checked

ALL = "all"
# the keys of Django's own users are integers
MOST = 2_000_000_000
MOST_SEEDS = 1_000_000_000
# bytes that a player takes in a variant, with what PostgreSQL writes on the way
ROOM = 1_000


def seed(console: Console, variant: str, number: int, of: int, password: str) -> None:
    """Add so many players of a seed to a variant, or to all, and say how long it took.

    Raises WorkbenchError, and then adds nobody, if the numbers are beyond reason, the disk is too
    full, or a variant has players of the seed.
    """
    names = VARIANTS if variant == ALL else (checked(variant),)
    if not 1 <= number <= MOST:
        raise WorkbenchError(f"Say how many players, from 1 to {MOST:,}: --players 100000.")
    if not 0 <= of < MOST_SEEDS:
        raise WorkbenchError(f"Say a --seed from 0 to {MOST_SEEDS - 1:,}.")
    with postgres.server(large=True) as server:
        check_room(number, len(names))
        prepare.prepare(server, names)
        check_absence(server, names, of)
        show(console, fill(server, names, number, of, password))


def check_room(number: int, variants: int) -> None:
    """Raises WorkbenchError if the embedded server's disk is too full for so many in each."""
    if postgres.is_external():
        return
    folder = paths.data()
    need, free = number * variants * ROOM, shutil.disk_usage(folder).free
    if need > free:
        raise WorkbenchError(
            f"{number * variants:,} players take about {need / 1e9:,.1f} GB, and {folder} has "
            f"{free / 1e9:,.1f} GB free: name fewer players, or another folder with WORKBENCH_DATA."
        )


def check_absence(server: Mapping[str, str], names: Iterable[str], of: int) -> None:
    """Raises WorkbenchError if one of the variants has the first player of the seed."""
    first = next(players(1, of))["username"]
    for name in names:
        table = schema.user_table(name, schema.read(server, name))
        query = sql.SQL("SELECT FROM {} WHERE upper(username) = upper(%s)")
        with postgres.connect(server, name) as connection:
            if connection.execute(query.format(sql.Identifier(table)), [first]).fetchall():
                raise already(name, of)


def fill(
    server: Mapping[str, str], names: Iterable[str], number: int, of: int, password: str
) -> list[Loaded]:
    """Load the variants one after the other, each with a progress bar."""
    bar = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:>11,.0f} players {task.fields[rate]:>9,.0f}/s"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )
    loaded = []
    with Progress(*columns, console=bar, disable=not bar.is_terminal) as progress:
        for name in names:
            task = progress.add_task(f"{name:<16}", total=number, rate=0, now="loading")

            def told(so_far: int, task: TaskID = task) -> None:
                rate = so_far / (progress.tasks[task].elapsed or 1)
                now = "loading" if so_far < number else "building the indexes"
                progress.update(task, completed=so_far, rate=rate, now=now)

            loaded.append(load(server, name, name, number, of, told, password=password, demo=True))
            progress.update(task, now="done")
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
