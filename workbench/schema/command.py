"""How `workbench schema` looks on a terminal."""

from collections.abc import Iterable
from dataclasses import asdict

from rich import box
from rich.console import Console, Group, RenderableType
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from suite.catalog import Column, Table
from workbench.schema import diff as schema_diff
from workbench.schema import tables as schema
from workbench.schema.diff import TableDiff, method, points_at, uniqueness
from workbench.server import postgres
from workbench.variants import checked


def show(console: Console, variant: str, *, all_tables: bool, as_json: bool) -> None:
    """Print a variant's player tables, or all of them; raises WorkbenchError."""
    [found] = _read(variant)
    tables = found if all_tables else schema.of_players(variant, found)
    if as_json:
        console.print_json(data={name: asdict(table) for name, table in tables.items()})
    else:
        _print_tables(console, tables)


def show_diff(console: Console, a: str, b: str, *, all_tables: bool, as_json: bool) -> None:
    """Print where the player tables of two variants, or all, differ; raises WorkbenchError."""
    found_a, found_b = _read(a, b)
    users = (schema.user_table(a, found_a), schema.user_table(b, found_b))
    if not all_tables:
        found_a, found_b = schema.of_players(a, found_a), schema.of_players(b, found_b)
    diffs = schema_diff.diff(found_a, found_b, users)
    if as_json:
        console.print_json(data=[asdict(diff) for diff in diffs])
    else:
        _print_diff(console, a, b, diffs)


def _read(*variants: str) -> list[schema.Tables]:
    names = [checked(variant) for variant in variants]
    with postgres.server() as server:
        return [schema.read(server, name) for name in names]


def _print_tables(console: Console, tables: schema.Tables) -> None:
    for table in tables.values():
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
    same = [_names(diff) for diff in diffs if not diff.facts]
    if len(same) == len(diffs):
        console.print(f"Nothing differs between {a} and {b}.")
    if same:
        console.print(Text.assemble(("The same in both: ", "bold"), ", ".join(same)))


def _names(diff: TableDiff) -> str:
    return " / ".join(dict.fromkeys(name for name in diff.names if name))


def _columns(columns: Iterable[Column]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1))
    for title in ("column", "type", "null", "default"):
        grid.add_column(title)
    for column in columns:
        given = f"identity, {column.identity}" if column.identity else column.default or ""
        grid.add_row(column.name, column.type, "yes" if column.nullable else "no", Text(given))
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
    console.print(Text.assemble((_names(diff), "bold"), f": only in {variant}"))
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1), show_header=False)
    for what, in_a, in_b in diff.facts:
        grid.add_row(Text(what), Text(in_a or in_b))
    console.print(grid)


def _print_facts(console: Console, diff: TableDiff, a: str, b: str) -> None:
    console.print(Text(_names(diff), style="bold"))
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1))
    for title in ("", a, b):
        grid.add_column(title, ratio=1)
    for what, in_a, in_b in diff.facts:
        grid.add_row(Text(what), Text(in_a or "none"), Text(in_b or "none"))
    console.print(grid)
