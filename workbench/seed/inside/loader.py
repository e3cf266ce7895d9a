"""Store made-up users by COPY, several times as fast as bulk_create().

The loader looks at the models only. The extra fields may be columns of the user table, columns of
a profile table, or missing.

Source: psycopg 3 docs, "Using COPY TO and COPY FROM"; PostgreSQL 18 docs, COPY, and 14.4
"Populating a Database".
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice, repeat
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Model
from psycopg import sql

from workbench.variants import EXTRA_FIELDS

Row = dict[str, Any]

# rows in memory at once
BLOCK = 10_000
NEW_IDS = """
SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s)
"""
WITHOUT_DEFAULT = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attname = ANY(%s) AND NOT atthasdef
"""


def load(rows: Iterable[Row], password: str | None = None) -> None:
    """Add users with their extra fields in one transaction, so all of them or none.

    rows: dicts with `username`, `email`, and the extra fields that are not blank. Fields without a
    column are left out. password: for all of them; without one, they cannot log in. If there are
    no users yet, the indexes are built after the rows. Raises Django's database errors.
    """
    user, *profiles = models()
    fields = ["username", "email", *EXTRA_FIELDS, *(["id", "user_id"] if profiles else [])]
    users = Table(user, fields, password=make_password(password))
    tables = [users, *(Table(profile, fields) for profile in profiles)]
    with transaction.atomic(), connection.cursor() as cursor, prepared(cursor, tables):
        for block in blocks(rows):
            if profiles:
                give_ids(cursor, users, block)
            for table in tables:
                table.copy(cursor, block)


def models() -> list[type[Model]]:
    """Return the user model, and the profile model if that has the extra fields."""
    user = get_user_model()
    profiles = [model for model in apps.get_app_config("players").get_models() if model is not user]
    return [user, *filter(has_extra_fields, profiles)]


def has_extra_fields(model: type[Model]) -> bool:
    """Return whether the model's table has a column for each extra field."""
    return {field.column for field in model._meta.concrete_fields}.issuperset(EXTRA_FIELDS)


class Table:
    """A model's table. `names` are the columns that rows bring, `same` the values of the others."""

    def __init__(self, model: type[Model], fields: Iterable[str], **same: Any) -> None:
        self.model = model
        self.name = quoted(model._meta.db_table)
        columns = {str(field.column): field for field in model._meta.concrete_fields}
        self.names = [name for name in fields if name in columns]
        blank = model(**same)
        self.same = {
            column: field.get_db_prep_save(getattr(blank, field.attname), connection)
            for column, field in columns.items()
            if column not in self.names and not field.primary_key
        }

    def copy(self, cursor: Any, rows: list[Row]) -> None:
        """Store the rows. A column that a row does not bring becomes NULL."""
        names = ", ".join(map(quoted, [*self.names, *self.same]))
        # by column, because a call for each value is what would take Python longest
        columns = [map(dict.get, rows, repeat(name)) for name in self.names]
        with (
            connection.wrap_database_errors,  # as Django's execute() does
            cursor.copy(f"COPY {self.name} ({names}) FROM STDIN") as stream,
        ):
            for row in zip(*columns, *map(repeat, self.same.values()), strict=False):
                stream.write_row(row)

    def send_once(self, cursor: Any) -> list[str]:
        """Make the values in `same` column defaults; return the SQL that removes the defaults."""
        undo = []
        cursor.execute(WITHOUT_DEFAULT, [self.name, list(self.same)])
        for (column,) in cursor.fetchall():
            alter = f"ALTER TABLE {self.name} ALTER {quoted(column)}"
            value = sql.Literal(self.same.pop(column)).as_string()
            cursor.execute(f"{alter} SET DEFAULT {value}")
            undo.append(f"{alter} DROP DEFAULT")
        return undo


@contextmanager
def prepared(cursor: Any, tables: list[Table]) -> Iterator[None]:
    """Make empty tables quick to load during the block. Tables in use stay as they are."""
    if tables[0].model._base_manager.exists():
        yield
        return
    with stripped(cursor, [table.name for table in tables]):
        undo = [statement for table in tables for statement in table.send_once(cursor)]
        yield
        for statement in undo:
            cursor.execute(statement)


def blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows in lists, so that a million rows take no more memory than one list."""
    rows = iter(rows)
    while block := list(islice(rows, BLOCK)):
        yield block


def give_ids(cursor: Any, users: Table, rows: list[Row]) -> None:
    """Give each row the id of a new user, because COPY returns none to the profile."""
    cursor.execute(NEW_IDS, [users.name, len(rows)])
    for row, (new,) in zip(rows, cursor.fetchall(), strict=True):
        row["id"] = row["user_id"] = new


def quoted(name: str) -> str:
    """Return the name as SQL has it."""
    return connection.ops.quote_name(name)


# The foreign keys come first, because they need the indexes. Two kinds of index stay: one that
# another table's foreign key refers to, and one that has more than its definition (a comment, a
# storage parameter, a tablespace), because the definition alone would not bring it back.
REMOVABLE = """
WITH removable AS (
    SELECT indexrelid AS index
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = ANY(%(tables)s::regclass[]) AND indisvalid
        AND NOT (indisclustered OR indisreplident)
        AND reloptions IS NULL AND reltablespace = 0
        AND NOT EXISTS (SELECT FROM pg_description WHERE objoid = indexrelid)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'f')
)
SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname),
    'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname) || ' '
        || pg_get_constraintdef(oid)
FROM pg_constraint
WHERE NOT EXISTS (SELECT FROM pg_description WHERE objoid = oid) AND CASE contype
    WHEN 'f' THEN conrelid = ANY(%(tables)s::regclass[])
    ELSE conindid IN (SELECT index FROM removable)
END
UNION ALL
SELECT 'DROP INDEX ' || index::regclass, pg_get_indexdef(index)
FROM removable WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index)
"""
MEMORY_TO_SORT = "SET LOCAL maintenance_work_mem = '256MB'"


@contextmanager
def stripped(cursor: Any, tables: Iterable[str]) -> Iterator[None]:
    """Drop the indexes and foreign keys of the tables, and build them again after the block.

    cursor: psycopg's or Django's, in a transaction. If the block fails, the end of the transaction
    brings everything back.
    """
    cursor.execute(REMOVABLE, {"tables": list(tables)})
    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)
    yield
    cursor.execute(MEMORY_TO_SORT)
    for _, make in reversed(found):
        cursor.execute(make)
