"""Two results beside each other: what changed by more than the measuring itself varies.

Where SQL by hand was measured beside an operation, its time is told in that: a machine that was
slower the second time is then no change of the code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from workbench.bench.result import Measure, Result, find, find_load

# what differs by less is not worth a line, even if it is beyond the spread
LEAST = 1.15
COUNTED = ("statements", "buffers")


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
    for what in ("wall", "cpu"):
        first, second = in_floors(one, before, what), in_floors(other, after, what)
        if are_apart(first, second):
            yield Change(*about, what, first[1], second[1])


def of_load(other: Measure, before: Result, after: Result) -> Iterator[Change]:
    """What changed in loading the players, where that was measured more than once."""
    subject, way, players = other["subject"], other["way"], other["players"]
    one = find_load(before, subject, way, players)
    if one is None or min(one["samples"], other["samples"]) < 2:
        return
    about = ("load", subject, way, players)
    first, second = (
        in_those_of(find_load(result, subject, "sql", players), its, "seconds")
        for its, result in ((one, before), (other, after))
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


def in_floors(its: Measure, result: Result, what: str) -> list[float]:
    """The quartiles of a time, as multiples of the SQL's median if there is SQL to it."""
    floor = find(result, its["operation"], its["subject"], "sql", its["players"])
    return in_those_of(floor, its, f"{what}_us")


def in_those_of(floor: Measure | None, its: Measure, key: str) -> list[float]:
    """The quartiles as multiples of the floor's median; the floor's own as they are."""
    quartiles: list[float] = its[key]
    if floor is None or its["way"] == "sql":
        return quartiles
    return [value / floor[key][1] for value in quartiles]


def differences(before: Result, after: Result) -> list[str]:
    """Why the two may not be comparable: another machine, other versions, other players."""
    found = []
    for key in ("machine", "versions", "players", "quick"):
        if before[key] != after[key]:
            found.append(f"{key}: {_said(before[key])} before, {_said(after[key])} after")
    return found


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
