"""`workbench schema`: a variant's tables on a terminal, or where two variants' differ."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.console import Console, Group, RenderableType
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from suite.catalog import Column, Table
from workbench.errors import WorkbenchError
from workbench.schema import tables
from workbench.schema.diff import TableDiff, differences, method, points_at, uniqueness
from workbench.schema.tables import Tables
from workbench.server import postgres
from workbench.variants import ONE_VARIANT, VARIANTS, checked


def schema(
    variant: Annotated[str | None, typer.Argument(help=ONE_VARIANT)] = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Show only where two variants differ."),
    ] = None,
    all_tables: Annotated[
        bool, typer.Option("--all-tables", help="Not only the players' tables.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show a variant's tables as PostgreSQL has them, or where two variants' differ.

    Example: workbench schema --diff proxy_model custom_user
    """
    if (variant is None) == (diff is None):
        raise WorkbenchError(f"Name one variant, or two with --diff, of {', '.join(VARIANTS)}.")
    names = diff or (variant or "",)
    (show_diff if diff else show)(Console(), *names, all_tables=all_tables, as_json=as_json)


def show(console: Console, variant: str, *, all_tables: bool, as_json: bool) -> None:
    """Print a variant's player tables, or all of them; raises WorkbenchError."""
    [found] = _read(variant)
    shown = found if all_tables else tables.of_players(variant, found)
    if as_json:
        console.print_json(data={name: asdict(table) for name, table in shown.items()})
    else:
        _print_tables(console, shown)


def show_diff(console: Console, a: str, b: str, *, all_tables: bool, as_json: bool) -> None:
    """Print where the player tables of two variants, or all, differ; raises WorkbenchError."""
    found_a, found_b = _read(a, b)
    users = (tables.user_table(a, found_a), tables.user_table(b, found_b))
    if not all_tables:
        found_a, found_b = tables.of_players(a, found_a), tables.of_players(b, found_b)
    diffs = differences(found_a, found_b, users)
    if as_json:
        console.print_json(data=[asdict(diff) for diff in diffs])
    else:
        _print_diff(console, a, b, diffs)


def _read(*variants: str) -> list[Tables]:
    names = [checked(variant) for variant in variants]
    with postgres.server() as server:
        return [tables.read(server, name) for name in names]


def _print_tables(console: Console, shown: Tables) -> None:
    for table in shown.values():
        console.print(Text.assemble((table.name, "bold"), f"  {decimal(table.size)}"))
        console.print(_columns(table.columns))
        console.print(Padding(Group(*_parts(table)), (0, 0, 1, 1)))


def _print_diff(console: Console, a: str, b: str, diffs: list[TableDiff]) -> None:
    """Only what differs, then which tables are the same, in words."""
    for diff in diffs:
        if None in diff.names:
            _print_only(console, diff, b if diff.names[0] is None else a)
        elif diff.facts:
            _print_facts(console, diff, a, b)
    same = [diff.both for diff in diffs if not diff.facts]
    if len(same) == len(diffs):
        console.print(f"Nothing differs between {a} and {b}.")
    if same:
        console.print(Text.assemble(("The same in both: ", "bold"), ", ".join(same)))


def _columns(columns: Iterable[Column]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1))
    for title in ("column", "type", "null", "default"):
        grid.add_column(title)
    for column in columns:
        null = "yes" if column.nullable else "no"
        grid.add_row(column.name, column.type, null, Text(column.given))
    return grid


def _parts(table: Table) -> Iterable[RenderableType]:
    yield from _section("constraints", ((it.name, it.definition) for it in table.constraints))
    yield from _section(
        "foreign keys",
        (
            (it.name, f"({', '.join(it.columns)}) {points_at(it, it.target)}")
            for it in table.foreign_keys
        ),
    )
    yield from _section(
        "indexes", ((it.name, f"{method(it)}, {uniqueness(it)}") for it in table.indexes)
    )
    yield from _section(
        "sequences", ((it.name, f"{it.type}, owned by {it.column}") for it in table.sequences)
    )


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Iterable[RenderableType]:
    """Each entry with its meaning first and its name, which may be long, below it."""
    lines = [Text.assemble(meaning, "\n", (f"  {name}", "dim")) for name, meaning in rows]
    if lines:
        yield Text(title, style="italic")
        yield from (Padding(line, (0, 0, 0, 2)) for line in lines)


def _print_only(console: Console, diff: TableDiff, variant: str) -> None:
    console.print(Text.assemble((diff.both, "bold"), f": only in {variant}"))
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1), show_header=False)
    for what, in_a, in_b in diff.facts:
        grid.add_row(Text(what), Text(in_a or in_b))
    console.print(grid)


def _print_facts(console: Console, diff: TableDiff, a: str, b: str) -> None:
    console.print(Text(diff.both, style="bold"))
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1))
    for title in ("", a, b):
        grid.add_column(title, ratio=1)
    for what, in_a, in_b in diff.facts:
        grid.add_row(Text(what), Text(in_a or "none"), Text(in_b or "none"))
    console.print(grid)
