"""Where the tables of any two variants differ, aligned: what the page on schemas shows."""

from collections.abc import Iterator
from html import escape
from itertools import combinations

from workbench.schema.diff import TableDiff
from workbench.schema.diff import differences as table_differences
from workbench.site import snapshots
from workbench.site.snapshots import Snapshots

Pair = tuple[str, str]


def pairs(found: Snapshots) -> list[Pair]:
    """Any two variants."""
    return list(combinations(found["variants"], 2))


def differences(a: str, b: str, found: Snapshots) -> list[TableDiff]:
    """All tables of both, paired by role: the players' first, then Django's."""
    its_a, its_b = found["variants"][a], found["variants"][b]
    users = (its_a["user_table"], its_b["user_table"])
    diffs = table_differences(snapshots.tables(its_a), snapshots.tables(its_b), users)
    return sorted(diffs, key=lambda diff: (diff.role != "user", "_" in diff.role))


def contents(found: Snapshots) -> str:
    """A list of the pairs, each linked to its table."""
    lines = (
        f"- [{a} and {b}](#{anchor(a, b)}): {_count(differences(a, b, found))}"
        for a, b in pairs(found)
    )
    return "\n".join(lines)


def sections(found: Snapshots) -> str:
    """A section for each pair: what differs, then what is the same."""
    return "\n\n".join("\n\n".join(_section(a, b, found)) for a, b in pairs(found))


def anchor(a: str, b: str) -> str:
    """The id of a pair's section."""
    return f"{a}-{b}"


def _section(a: str, b: str, found: Snapshots) -> Iterator[str]:
    diffs = differences(a, b, found)
    yield f"### {a} and {b} {{ #{anchor(a, b)} }}"
    yield table(a, b, diffs)
    same = ", ".join(f"`{_names(diff)}`" for diff in diffs if not diff.facts)
    yield f"The same in both: {same}."


def table(a: str, b: str, diffs: list[TableDiff]) -> str:
    """What differs, table by table, as HTML; on a phone each row is a card."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Table and part", a, b))
    bodies = "".join(_body(a, b, diff) for diff in diffs if diff.facts)
    return f'<table class="fours pair"><thead><tr>{heads}</tr></thead>{bodies}</table>'


def _body(a: str, b: str, diff: TableDiff) -> str:
    only = b if diff.names[0] is None else a if diff.names[1] is None else None
    title = f"<code>{_names(diff)}</code>{f', only in {only}' if only else ''}"
    rows = "".join(
        f'<tr><th scope="row">{escape(what)}</th>{_cell(a, in_a)}{_cell(b, in_b)}</tr>'
        for what, in_a, in_b in diff.facts
    )
    return (
        f'<tbody><tr class="area"><th colspan="3" scope="rowgroup">{title}</th></tr>{rows}</tbody>'
    )


def _cell(variant: str, fact: str) -> str:
    said = escape(fact) if fact else '<span class="cannot">none</span>'
    return f'<td data-variant="{variant}">{said}</td>'


def _names(diff: TableDiff) -> str:
    return " / ".join(dict.fromkeys(name for name in diff.names if name))


def _count(diffs: list[TableDiff]) -> str:
    facts = sum(len(diff.facts) for diff in diffs)
    where = sum(bool(diff.facts) for diff in diffs)
    tables = f"{where} table{'' if where == 1 else 's'}"
    return f"{facts} difference{'' if facts == 1 else 's'} in {tables}"
