"""How a result looks on a terminal: few tables, what matters most first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from workbench.bench import summary
from workbench.bench.result import Result, find
from workbench.variants import VARIANTS

Row = Sequence[str]


@dataclass(frozen=True)
class Part:
    """One table: its title with `{players}` and `{fewest}` in it, its headings, its rows."""

    title: str
    headings: Row
    rows: Callable[[Result], Iterable[Row]]


def parts() -> dict[str, Part]:
    """The tables, by name, what matters most first."""
    return {
        "registering": Part(
            "Registering over HTTP with {players} users and with empty tables: microseconds of "
            "CPU, and as a multiple of the same by SQL (x)",
            ["", "at many", "x", "of peer", "on empty", "x", "of peer", "statements", "hashes"],
            registering,
        ),
        "wrong": Part(
            "What matters more, with {players} users: milliseconds a call", ["", *VARIANTS], wrong
        ),
        "operations": Part(
            "Each operation: microseconds a call, and its CPU as a multiple of the same by SQL (x)",
            ["", *VARIANTS],
            operations,
        ),
        "faster": Part(
            "Recipes for custom_user with {players} users: microseconds of CPU, statements, what "
            "each saves, and what it saves of the same request with its password hash",
            ["", "operation", "plain", "faster", "by hand", "statements", "saves", "with hash"],
            faster,
        ),
        "growth": Part(
            "Growth from {fewest} to {players} users: how many times as long a call takes",
            ["", *VARIANTS],
            growth,
        ),
        "loading": Part(
            "Loading {players} users into empty tables: users a second, time as a multiple of "
            "COPY by hand (x), and memory",
            ["", "add_many", "x", "MB", "workbench seed", "x", "MB", "by hand", "MB"],
            loading,
        ),
        "on_disk": Part("Bytes on disk for each user", ["", *VARIANTS], on_disk),
    }


def show(console: Console, found: Result) -> None:
    """Print a result."""
    console.print(summary.measured_on(found), highlight=False)
    for part in parts().values():
        console.print()
        console.print(table(part, found), highlight=False)


def titled(part: Part, found: Result) -> str:
    """The title of a table of this result."""
    numbers = {"players": f"{found['players']:,}", "fewest": f"{found['sizes'][1]:,}"}
    return part.title.format(**numbers)


def table(part: Part, found: Result) -> Table:
    """One table, its first column the labels."""
    shown = Table(box=None, pad_edge=False, title_justify="left", title_style="bold")
    shown.title = titled(part, found)
    for heading in part.headings:
        shown.add_column(heading, justify="right" if heading else "left")
    for row in part.rows(found):
        shown.add_row(*row)
    return shown


def registering(found: Result) -> Iterable[Row]:
    """A row for each variant and peer; `of peer`: in times of the faster peer's, by the clock."""
    for subject in summary.subjects(found, "register_page", "http"):
        cells: list[str] = []
        for players in (found["players"], 0):
            cost = summary.cost(found, "register_page", subject, "http", players)
            of_peer = summary.of_faster_peer(found, "register_page", subject, players)
            cells += [number(cost.us), times(cost.ratio), hundredths(of_peer)]
        its = find(found, "register_page", subject, "http")
        statements = str(its["statements"]) if its else ""
        yield [subject, *cells, statements, summary.hashes(found, subject, "register_page")]


def wrong(found: Result) -> Iterable[Row]:
    """The right way first, then what is commonly done."""
    for label, operation, way in summary.WAYS:
        yield [label, *(ms(summary.wall(found, operation, name, way)) for name in VARIANTS)]


def operations(found: Result) -> Iterable[Row]:
    """A row for each operation that has SQL beside it."""
    for operation in summary.operations(found):
        cells = []
        for name in VARIANTS:
            cost = summary.cost(found, operation, name, summary.ORM[operation])
            wall = summary.wall(found, operation, name, summary.ORM[operation])
            cells.append(f"{number(wall)} {times(cost.ratio):>5}" if wall else "cannot")
        yield [operation, *cells]


def faster(found: Result) -> Iterable[Row]:
    """A row for each recipe and operation: plain, faster, by hand."""
    for gain in summary.gains(found):
        its = (gain.plain, gain.faster, gain.by_hand)
        whole = summary.with_hash(found, "custom_user", gain.operation)
        yield [
            gain.recipe,
            gain.operation,
            *(number(one["cpu_us"][1]) for one in its),
            ", ".join(str(one["statements"]) for one in its),
            f"{gain.saved / gain.plain['cpu_us'][1]:.0%}",
            f"{gain.saved / whole:.1%}" if whole else "",
        ]


def growth(found: Result) -> Iterable[Row]:
    """How many times as long it takes at the most players as at the fewest: Django, PostgreSQL?"""
    for operation in summary.operations(found):
        for label, way in ((operation, summary.ORM[operation]), ("... by hand", "sql")):
            grown = (summary.growth(found, operation, name, way) for name in VARIANTS)
            yield [label, *map(times, grown)]


def loading(found: Result) -> Iterable[Row]:
    """A row for each variant."""
    for name in VARIANTS:
        cells: list[str] = []
        for way in ("roster", "seed", "sql"):
            its = summary.load(found, name, way)
            if its:
                ratio = [] if way == "sql" else [hundredths(its.ratio)]
                cells += [number(its.rate), *ratio, number(its.memory / 1e6)]
        if cells:
            yield [name, *cells]


def on_disk(found: Result) -> Iterable[Row]:
    """Tables and indexes, of all tables of a variant."""
    for part in ("heap", "indexes", "all"):
        yield [part, *(number(summary.on_disk(found, it)[part]) for it in VARIANTS)]


def number(value: float | None) -> str:
    """As many digits as are worth reading."""
    return "" if value is None else f"{value:,.0f}"


def times(value: float | None) -> str:
    """A ratio."""
    return "" if value is None else f"{value:.1f}x"


def hundredths(value: float | None) -> str:
    """A ratio near one."""
    return "" if value is None else f"{value:.2f}"


def ms(value: Any) -> str:
    """Microseconds as milliseconds."""
    return "" if value is None else f"{value / 1000:,.2f}"
