"""PostgreSQL's catalogs as plain values: what the tables are, whoever wrote the models.

Each function takes a DB-API cursor (psycopg's or Django's) and looks at the current schema.
Source: PostgreSQL 18 docs, part VII, chapter 52 "System Catalogs", and 9.27 "System Information
Functions and Operators" for the functions that spell definitions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar


class Cursor(Protocol):
    """The part of the DB-API (PEP 249) that is used here."""

    def execute(self, query: Any, params: Any = None, /) -> Any:
        """Send a statement."""

    def fetchall(self) -> Sequence[Any]:
        """Return its rows."""


@dataclass(frozen=True)
class Column:
    """A column; identity is "always", "by default" or nothing."""

    name: str
    type: str
    nullable: bool
    default: str | None
    identity: str | None
    generated: bool

    @property
    def given(self) -> str:
        """What a row gets that says nothing of the column: an identity, a default or ""."""
        return f"identity, {self.identity}" if self.identity else self.default or ""


@dataclass(frozen=True)
class Constraint:
    """A primary key, unique, check or exclusion constraint."""

    name: str
    kind: str
    columns: tuple[str, ...]
    definition: str
    deferrable: bool
    deferred: bool


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; on_delete and on_update are actions like "NO ACTION"."""

    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str
    on_update: str
    deferrable: bool
    deferred: bool
    definition: str


@dataclass(frozen=True)
class Index:
    """An index; keys are columns or expressions, size is in bytes."""

    name: str
    keys: tuple[str, ...]
    unique: bool
    primary: bool
    definition: str
    size: int


@dataclass(frozen=True)
class OwnedSequence:
    """A sequence that belongs to a column, and goes when the column goes."""

    name: str
    type: str
    column: str


@dataclass(frozen=True)
class Table:
    """A table with all that hangs on it; size is in bytes, indexes and TOAST included."""

    name: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    foreign_keys: tuple[ForeignKey, ...]
    indexes: tuple[Index, ...]
    sequences: tuple[OwnedSequence, ...]
    size: int

    def column(self, name: str) -> Column:
        """The column of that name; raises LookupError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise LookupError(f"{self.name} has no column {name}")


Thing = TypeVar("Thing")
Grouped = dict[str, tuple[Thing, ...]]

# codes of pg_constraint.contype, confdeltype and confupdtype, and pg_attribute.attidentity
KINDS = {"p": "primary key", "u": "unique", "c": "check", "x": "exclusion"}
ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
IDENTITIES = {"a": "always", "d": "by default"}


def tables(cursor: Cursor) -> dict[str, Table]:
    """All ordinary tables of the current schema, by name (pg_class)."""
    columns = columns_of(cursor)
    constraints = constraints_of(cursor)
    foreign_keys = foreign_keys_of(cursor)
    indexes = indexes_of(cursor)
    sequences = sequences_of(cursor)
    return {
        name: Table(
            name,
            columns.get(name, ()),
            constraints.get(name, ()),
            foreign_keys.get(name, ()),
            indexes.get(name, ()),
            sequences.get(name, ()),
            size,
        )
        for name, size in sizes_of(cursor).items()
    }


def table(cursor: Cursor, name: str) -> Table:
    """One table; raises LookupError if the current schema has none of that name."""
    found = tables(cursor)
    if name not in found:
        raise LookupError(f"There is no table {name}")
    return found[name]


def sizes_of(cursor: Cursor) -> dict[str, int]:
    """The size of each table in bytes, indexes and TOAST included (pg_total_relation_size)."""
    cursor.execute("""
        SELECT relname, pg_total_relation_size(oid) FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        ORDER BY relname
    """)
    return dict(cursor.fetchall())


def columns_of(cursor: Cursor) -> Grouped[Column]:
    """The columns of each table, in their order (pg_attribute, pg_attrdef)."""
    cursor.execute("""
        SELECT relname, attname, format_type(atttypid, atttypmod), NOT attnotnull,
               pg_get_expr(adbin, adrelid), attidentity::text, attgenerated::text <> ''
        FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
          AND attnum > 0 AND NOT attisdropped
        ORDER BY relname, attnum
    """)
    return _by_table(
        cursor.fetchall(),
        lambda name, type, null, default, identity, generated: Column(
            name, type, null, default, IDENTITIES.get(identity), generated
        ),
    )


def constraints_of(cursor: Cursor) -> Grouped[Constraint]:
    """Keys, unique, check and exclusion constraints of each table (pg_constraint).

    NOT NULL, a constraint of its own since PostgreSQL 18, is a property of the column here.
    """
    cursor.execute("""
        SELECT relname, conname, contype::text, columns.names,
               pg_get_constraintdef(pg_constraint.oid), condeferrable, condeferred
        FROM pg_constraint
        JOIN pg_class ON pg_class.oid = conrelid
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(attname::text ORDER BY place), '{}') AS names
            FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = key.number
        ) AS columns
        WHERE relnamespace = current_schema()::regnamespace AND contype IN ('p', 'u', 'c', 'x')
        ORDER BY relname, contype = 'p' DESC, contype, columns.names, conname
    """)
    return _by_table(
        cursor.fetchall(),
        lambda name, kind, columns, *rest: Constraint(name, KINDS[kind], tuple(columns), *rest),
    )


def foreign_keys_of(cursor: Cursor) -> Grouped[ForeignKey]:
    """The foreign keys of each table, by the table that points (pg_constraint)."""
    cursor.execute("""
        SELECT pg_class.relname, conname, columns.names, target.relname, columns.targets,
               confdeltype::text, confupdtype::text, condeferrable, condeferred,
               pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint
        JOIN pg_class ON pg_class.oid = conrelid
        JOIN pg_class AS target ON target.oid = confrelid
        CROSS JOIN LATERAL (
            SELECT array_agg(a.attname::text ORDER BY place) AS names,
                   array_agg(b.attname::text ORDER BY place) AS targets
            FROM unnest(conkey, confkey) WITH ORDINALITY AS key (number, points_at, place)
            JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = key.number
            JOIN pg_attribute AS b ON b.attrelid = confrelid AND b.attnum = key.points_at
        ) AS columns
        WHERE pg_class.relnamespace = current_schema()::regnamespace AND contype = 'f'
        ORDER BY pg_class.relname, columns.names, conname
    """)
    return _by_table(
        cursor.fetchall(),
        lambda name, columns, target, targets, delete, update, *rest: ForeignKey(
            *(name, tuple(columns), target, tuple(targets), ACTIONS[delete], ACTIONS[update]), *rest
        ),
    )


def indexes_of(cursor: Cursor) -> Grouped[Index]:
    """The indexes of each table, those of its keys included (pg_index)."""
    cursor.execute("""
        SELECT pg_class.relname, own.relname, keys.names, indisunique, indisprimary,
               pg_get_indexdef(indexrelid), pg_relation_size(indexrelid)
        FROM pg_index
        JOIN pg_class ON pg_class.oid = indrelid
        JOIN pg_class AS own ON own.oid = indexrelid
        CROSS JOIN LATERAL (
            SELECT array_agg(pg_get_indexdef(indexrelid, place, true) ORDER BY place) AS names
            FROM generate_series(1, indnkeyatts::int) AS place
        ) AS keys
        WHERE pg_class.relnamespace = current_schema()::regnamespace
          AND pg_class.relkind IN ('r', 'p')
        ORDER BY pg_class.relname, indisprimary DESC, keys.names, own.relname
    """)
    return _by_table(cursor.fetchall(), lambda name, keys, *rest: Index(name, tuple(keys), *rest))


def sequences_of(cursor: Cursor) -> Grouped[OwnedSequence]:
    """The sequences that belong to a column, by table (pg_sequence, pg_depend)."""
    cursor.execute("""
        SELECT pg_class.relname, own.relname, format_type(seqtypid, NULL), attname
        FROM pg_sequence
        JOIN pg_class AS own ON own.oid = seqrelid
        JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass
          AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
        JOIN pg_class ON pg_class.oid = refobjid
        JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
        WHERE pg_class.relnamespace = current_schema()::regnamespace
        ORDER BY pg_class.relname, own.relname
    """)
    return _by_table(cursor.fetchall(), OwnedSequence)


def _by_table(rows: Iterable[Sequence[Any]], make: Callable[..., Thing]) -> Grouped[Thing]:
    groups: defaultdict[str, list[Thing]] = defaultdict(list)
    for table_name, *values in rows:
        groups[table_name].append(make(*values))
    return {name: tuple(things) for name, things in groups.items()}
