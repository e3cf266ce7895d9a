"""Two results beside each other: what changed by more than the measuring itself varies.

Where SQL by hand was measured beside an operation, its time is told in that: a machine that was
slower the second time is then no change of the code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table

from workbench.bench.result import Load, Measure, Quartiles, Result, find, find_load

# what differs by less is not worth a line, even if it is beyond the spread
LEAST = 1.15
COUNTED: tuple[Literal["statements", "buffers"], ...] = ("statements", "buffers")
TIMES: tuple[Literal["wall_us", "cpu_us"], ...] = ("wall_us", "cpu_us")


@dataclass(frozen=True)
class Change:
    """One thing that changed: its values before and after, and how the one is to the other.

    what: `wall`, `cpu`, `statements`, `buffers` or `memory`, in bytes; times are those of SQL by
    hand, or microseconds where there is none.
    """

    operation: str
    subject: str
    way: str
    players: int
    what: str
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """After to before; 1 if both are nothing."""
        return self.after / self.before if self.before else float(bool(self.after)) + 1


def changes(before: Result, after: Result) -> list[Change]:
    """What changed beyond the spread, the largest first."""
    found = [
        change
        for its in after["measures"]
        if (other := find(before, its["operation"], its["subject"], its["way"], its["players"]))
        for change in of_measure(other, its, before, after)
    ]
    found += [change for its in after.get("loads", ()) for change in of_load(its, before, after)]
    return sorted(found, key=lambda it: -max(it.ratio, 1 / max(it.ratio, 0.001)))


def of_measure(one: Measure, other: Measure, before: Result, after: Result) -> Iterator[Change]:
    """What changed in one measure."""
    about = (other["operation"], other["subject"], other["way"], other["players"])
    for what in COUNTED:
        if one.get(what) != other.get(what):
            yield Change(*about, what, one[what], other[what])
    for time in TIMES:
        first, second = (
            relative(its[time], floor and floor[time], its["way"])
            for its, floor in ((one, floor_of(one, before)), (other, floor_of(other, after)))
        )
        if are_apart(first, second):
            yield Change(*about, time.removesuffix("_us"), first[1], second[1])


def of_load(other: Load, before: Result, after: Result) -> Iterator[Change]:
    """What changed in loading the players, where that was measured more than once."""
    subject, way, players = other["subject"], other["way"], other["players"]
    one = find_load(before, subject, way, players)
    if one is None or min(one["samples"], other["samples"]) < 2:
        return
    about = ("load", subject, way, players)
    first, second = (
        relative(its["seconds"], floor and floor["seconds"], way)
        for its, result in ((one, before), (other, after))
        for floor in [find_load(result, subject, "sql", players)]
    )
    if are_apart(first, second):
        unit = 1e6 if way == "sql" else 1
        yield Change(*about, "wall", first[1] * unit, second[1] * unit)
    if not 1 / LEAST < other["memory"] / one["memory"] < LEAST:
        yield Change(*about, "memory", one["memory"], other["memory"])


def are_apart(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether the quartiles do not overlap, and the medians differ by enough to be told."""
    apart = first[2] < second[0] or second[2] < first[0]
    return apart and not 1 / LEAST < second[1] / first[1] < LEAST


def floor_of(its: Measure, result: Result) -> Measure | None:
    """The same operation by SQL, if that was measured."""
    return find(result, its["operation"], its["subject"], "sql", its["players"])


def relative(quartiles: Quartiles, floor: Quartiles | None, way: str) -> Quartiles:
    """The quartiles as multiples of the floor's median; the floor's own as they are."""
    if floor is None or way == "sql":
        return quartiles
    return [value / floor[1] for value in quartiles]


def differences(before: Result, after: Result) -> list[str]:
    """Why the two may not be comparable: another machine, other versions, other players."""
    keys: tuple[Literal["machine", "versions", "players", "quick"], ...]
    keys = ("machine", "versions", "players", "quick")
    return [
        f"{key}: {_said(before[key])} before, {_said(after[key])} after"
        for key in keys
        if before[key] != after[key]
    ]


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {its}" for key, its in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def show(console: Console, before: Result, after: Result) -> None:
    """Print what changed; or that nothing did."""
    console.print(f"From {before['when']} to {after['when']}.")
    for said in differences(before, after):
        console.print(f"Not alike in {said}.", highlight=False)
    found = changes(before, after)
    if not found:
        console.print("Nothing changed by more than the measuring varies.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", "operation", "subject", "way", "players", "of", "before", "after"):
        table.add_column(heading, justify="right" if heading in ("before", "after") else "left")
    for it in found:
        table.add_row(
            f"{it.ratio:.2f} x",
            it.operation,
            it.subject,
            it.way,
            f"{it.players:,}",
            it.what,
            f"{it.before:,.4g}",
            f"{it.after:,.4g}",
        )
    console.print(table)
    console.print("wall and cpu are multiples of the same by SQL, or microseconds without one.")
