"""A variant's tables on the site: drawn, in words, and where those of two variants differ."""

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from suite.catalog import Column, ForeignKey, Table
from workbench import files
from workbench.schema.diff import TableDiff, method, uniqueness
from workbench.schema.diff import differences as table_differences
from workbench.schema.sql import pretty
from workbench.schema.tables import Tables, of_players, role
from workbench.site import diagrams, snapshots
from workbench.site.html import indented, part
from workbench.site.snapshots import Snapshots
from workbench.variants import EXTRA_FIELDS, VARIANTS

CREATED = re.compile(r'CREATE TABLE "(\w+)"')
CATALOG = files.template(Path(__file__).with_name("catalog.md"))
KEYS = {"PK": "primary key", "FK": "foreign key", "U": "unique"}


class Schema:
    """The tables of one variant; each method gives Markdown or HTML for a line of its own."""

    def __init__(self, variant: str, found: Snapshots) -> None:
        self._variant = variant
        self._found = found
        self._snapshot = found["variants"][variant]
        self._tables = snapshots.tables(self._snapshot)
        self._of_players = of_players(variant, self._tables)
        # the user's own table and that of the extras: neither groups nor permissions
        user = self._snapshot["user_table"]
        self._holding = {
            name: table
            for name, table in self._of_players.items()
            if not role(name, user).startswith("user_")
        }

    def diagram(self) -> str:
        """The tables that hold a player."""
        return self._figure("players", f"Where {self._variant} keeps a player", self._holding)

    def whole_diagram(self) -> str:
        """All tables."""
        return self._figure("all", f"All tables of {self._variant}", self._tables)

    def in_words(self) -> str:
        """The tables that hold a player, and how their rows belong together, as a list."""
        return "\n".join(f"- {sentence}" for sentence in told(self._holding))

    def whole_in_words(self) -> str:
        """The same for all tables."""
        return "\n".join(f"- {sentence}" for sentence in told(self._tables))

    def tables(self) -> str:
        """All tables as PostgreSQL has them; those that are not about players are folded."""
        about_players = self._holding | self._of_players
        shown = (f"### {table.name}\n\n{whole(table)}" for table in about_players.values())
        folded = (
            whole(table, f'??? catalog "`{name}`"')
            for name, table in self._tables.items()
            if name not in about_players
        )
        return "\n\n".join([*shown, "### Django's other tables", *folded])

    def columns(self) -> str:
        """The columns and keys of the tables that hold a player."""
        return "\n\n".join(
            f"**{table.name}**\n\n{whole(table)}" for table in self._holding.values()
        )

    def migrations(self) -> str:
        """The SQL of the app's migrations."""
        return "\n\n".join(
            f'```sql title="sqlmigrate players {name}"\n{readable(text)}\n```'
            for name, text in self._snapshot["migrations"].items()
        )

    def dots(self) -> dict[str, str]:
        """Both diagrams in DOT; what the app's own migrations make stands out, and the extras."""
        migrations = self._snapshot["migrations"].values()
        own = {name for text in migrations for name in CREATED.findall(text)}
        return {
            "players": diagrams.dot(self._holding, own, EXTRA_FIELDS),
            "all": diagrams.dot(self._tables, own, EXTRA_FIELDS),
        }

    def _figure(self, name: str, title: str, tables: Tables) -> str:
        svg = diagrams.named(
            _drawings(self._found)[self._variant, name],
            f"{self._variant}-{name}",
            title,
            " ".join(told(tables)).replace("`", ""),
        )
        return (
            f'<div class="diagram {self._variant}" tabindex="0" role="group" '
            f'aria-label="{title}">{svg}</div>'
        )


def _drawings(found: Snapshots) -> dict[tuple[str, str], str]:
    """All diagrams, by variant and name: Graphviz starts once for all."""
    dots = {
        (variant, name): dot
        for variant in VARIANTS
        for name, dot in Schema(variant, found).dots().items()
    }
    return dict(zip(dots, diagrams.drawn(tuple(dots.values())), strict=True))


def told(tables: Tables) -> Iterator[str]:
    """Sentences: what columns each table has, and how its rows belong to those of others."""
    for table in tables.values():
        columns = ", ".join(_column_in_words(table, column) for column in table.columns)
        yield f"`{table.name}` has {columns}."
    for table in tables.values():
        for key in table.foreign_keys:
            if key.target in tables:
                yield _relation(table, key)


def _column_in_words(table: Table, column: Column) -> str:
    null = ["may be null"] if column.nullable else []
    about = [column.type, *(KEYS[key] for key in diagrams.keys(table, column)), *null]
    return f"`{column.name}` ({', '.join(about)})"


def _relation(table: Table, key: ForeignKey) -> str:
    one = "at most one row" if diagrams.is_optional(table, key) else "one row"
    unique = diagrams.is_unique(table, key.columns)
    many = "at most one row" if unique else "any number of rows"
    return (
        f"By `{', '.join(key.columns)}` a row of `{table.name}` belongs to {one} of "
        f"`{key.target}`; a row of `{key.target}` has {many} of `{table.name}`."
    )


def whole(table: Table, block: str = '!!! catalog ""') -> str:
    """A table with all that hangs on it but its size, in a block of Markdown."""
    filled = CATALOG.render(table=table, method=method, uniqueness=uniqueness)
    return indented(block, filled.strip())


def readable(migration: str) -> str:
    """What sqlmigrate prints, with its long statements in lines."""
    lines = migration.strip().splitlines()
    return "\n".join(line if _is_short(line) else pretty(line) for line in lines)


def _is_short(line: str) -> bool:
    """A statement that goes on in the next line is as somebody wrote it."""
    return not line.endswith(";") or line.startswith(("--", " "))


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


def pairs_contents(found: Snapshots) -> str:
    """A list of the pairs, each linked to its table."""
    lines = (
        f"- [{a} and {b}](#{anchor(a, b)}): {_count(differences(a, b, found))}"
        for a, b in pairs(found)
    )
    return "\n".join(lines)


def pairs_sections(found: Snapshots) -> str:
    """A section for each pair: what differs, then what is the same."""
    return "\n\n".join("\n\n".join(_section(a, b, found)) for a, b in pairs(found))


def anchor(a: str, b: str) -> str:
    """The id of a pair's section."""
    return f"{a}-{b}"


def _section(a: str, b: str, found: Snapshots) -> Iterator[str]:
    diffs = differences(a, b, found)
    yield f"### {a} and {b} {{ #{anchor(a, b)} }}"
    yield part("pair_table", a, b, diffs)
    same = ", ".join(f"`{diff.both}`" for diff in diffs if not diff.facts)
    yield f"The same in both: {same}."


def _count(diffs: list[TableDiff]) -> str:
    facts = sum(len(diff.facts) for diff in diffs)
    where = sum(bool(diff.facts) for diff in diffs)
    tables = f"{where} table{'' if where == 1 else 's'}"
    return f"{facts} difference{'' if facts == 1 else 's'} in {tables}"
