"""Where the tables of two variants differ, whatever the tables and constraints are called.

Each table becomes a list of facts, sorted by what they are about; a fact names no constraint or
index, and a user's table is `user` in all of them. So what means the same is the same text.
"""

from collections import Counter
from dataclasses import dataclass

from suite.catalog import Column, Constraint, ForeignKey, Index, Table
from workbench.schema.tables import Tables, role

Facts = dict[str, str]


@dataclass(frozen=True)
class TableDiff:
    """Two tables of one role; a name is None where a variant has none; facts as (what, a, b)."""

    role: str
    names: tuple[str | None, str | None]
    facts: tuple[tuple[str, str, str], ...]

    @property
    def both(self) -> str:
        """Both names, or the one that there is, or that both have."""
        return " / ".join(dict.fromkeys(name for name in self.names if name))


def differences(a: Tables, b: Tables, users: tuple[str, str]) -> list[TableDiff]:
    """The tables of both, paired by role; users are the names of their tables of users."""
    by_role_a = {role(name, users[0]): table for name, table in a.items()}
    by_role_b = {role(name, users[1]): table for name, table in b.items()}
    roles = dict.fromkeys([*by_role_a, *by_role_b])
    return [_pair(its, by_role_a.get(its), by_role_b.get(its), users) for its in roles]


def _pair(its_role: str, a: Table | None, b: Table | None, users: tuple[str, str]) -> TableDiff:
    facts_a = facts(a, users[0]) if a else {}
    facts_b = facts(b, users[1]) if b else {}
    differing = (
        (what, facts_a.get(what, ""), facts_b.get(what, ""))
        for what in dict.fromkeys([*facts_a, *facts_b])
    )
    names = (a.name if a else None, b.name if b else None)
    return TableDiff(its_role, names, tuple(fact for fact in differing if fact[1] != fact[2]))


def facts(table: Table, user: str) -> Facts:
    """Everything that a table is, as text by what it is about; user is its variant's user table."""
    found = [(f"column {column.name}", describe(column)) for column in table.columns]
    found += [_stated(constraint) for constraint in table.constraints]
    found += [(_about(key), points_at(key, role(key.target, user))) for key in table.foreign_keys]
    found += [(f"index {method(index)}", uniqueness(index)) for index in table.indexes]
    found += [(f"sequence of {sequence.column}", sequence.type) for sequence in table.sequences]
    return _numbered(found)


def describe(column: Column) -> str:
    """A column's type and what it takes, as one line."""
    parts = [column.type, "null" if column.nullable else "not null"]
    if column.identity:
        parts.append(f"identity {column.identity}")
    if column.default:
        parts.append(f"{'generated' if column.generated else 'default'} {column.default}")
    return ", ".join(parts)


def points_at(key: ForeignKey, target: str) -> str:
    """Where a foreign key points, and what happens when that goes."""
    deferral = {(True, True): "deferrable, deferred", (True, False): "deferrable"}
    return (
        f"→ {target} ({', '.join(key.target_columns)}), ON DELETE {key.on_delete}, "
        f"{deferral.get((key.deferrable, key.deferred), 'not deferrable')}"
    )


def method(index: Index) -> str:
    """An index's method, keys and condition, without its name and its table's."""
    return index.definition.partition(" USING ")[2]


def uniqueness(index: Index) -> str:
    """Whether an index lets a key in twice, in a word."""
    return "unique" if index.unique else "not unique"


def _stated(constraint: Constraint) -> tuple[str, str]:
    """A table has one primary key; the others are there or not."""
    if constraint.kind == "primary key":
        return constraint.kind, constraint.definition.removeprefix("PRIMARY KEY ")
    return f"constraint {constraint.definition}", "yes"


def _about(key: ForeignKey) -> str:
    return f"foreign key ({', '.join(key.columns)})"


def _numbered(found: list[tuple[str, str]]) -> Facts:
    """Two indexes on the same keys are two facts."""
    seen: Counter[str] = Counter()
    facts: Facts = {}
    for what, value in found:
        seen[what] += 1
        facts[what if seen[what] == 1 else f"{what}, no. {seen[what]}"] = value
    return facts
