"""Whether a moved database is in every way what a fresh installation of the target would be."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from suite import catalog

Cursor = Any
Things = set[str]


def differences(here: Things, there: Things) -> list[str]:
    """What differs between the moved database and a fresh one, by name; [] if nothing does."""
    return [f"{it} is only in the moved database" for it in sorted(here - there)] + [
        f"{it} is only in a fresh database" for it in sorted(there - here)
    ]


def things(cursor: Cursor) -> Things:
    """Each table, column (with its place), constraint, index, sequence and so on, in words."""
    found = {
        f"table {name}: {what} {place}"
        for name, table in catalog.tables(cursor).items()
        for what, place in parts(table)
    }
    for sql in (NOT_NULL, OTHERS, CONTENT_TYPES, PERMISSIONS):
        cursor.execute(sql)
        found |= {" ".join(map(str, row)) for row in cursor.fetchall()}
    return found


def parts(table: catalog.Table) -> Iterator[tuple[str, str]]:
    """(what it is, all that is to be said of it) of each part of a table."""
    for number, column in enumerate(table.columns):
        yield f"column {number}", worded(column)
    for kind in ("constraints", "foreign_keys", "indexes", "sequences"):
        for it in getattr(table, kind):
            yield kind, worded(it)


def worded(it: Any) -> str:
    """The values of a catalog's dataclass, but for sizes."""
    values = dataclasses.asdict(it)
    values.pop("size", None)
    return ", ".join(f"{value}" for value in values.values() if value not in (None, False))


# a constraint with a name of its own since PostgreSQL 18
NOT_NULL = """
    SELECT 'table', relname || ':', 'not null', conname, attname FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE contype::text = 'n' AND relnamespace = 'public'::regnamespace
"""
# what no variant has, and a move may leave behind
OTHERS = """
    SELECT 'schema', nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'census', 'archive')
    UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', proname FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'view', viewname FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'not validated:', conname FROM pg_constraint WHERE NOT convalidated
    UNION ALL SELECT 'not valid:', indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
"""
CONTENT_TYPES = "SELECT 'content type', app_label, model FROM django_content_type"
PERMISSIONS = """
    SELECT 'permission', app_label, model, codename, name
    FROM auth_permission JOIN django_content_type ON django_content_type.id = content_type_id
"""


def sequences_behind(cursor: Cursor) -> list[str]:
    """The sequences whose next value would be a key that is taken; [] if none."""
    behind = []
    for name, table in catalog.tables(cursor).items():
        for sequence in table.sequences:
            cursor.execute(f'SELECT max("{sequence.column}") FROM "{name}"')
            [(highest,)] = cursor.fetchall()
            cursor.execute(f'SELECT last_value + is_called::int FROM "{sequence.name}"')
            [(following,)] = cursor.fetchall()
            if highest is not None and following <= highest:
                behind.append(f"{sequence.name} gives {following} next, and {highest} is taken")
    return behind
