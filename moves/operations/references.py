"""What names an object by content type and key: the admin's log, and every generic relation."""

from dataclasses import dataclass

from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey

from moves.operations.base import Refused, rows


@dataclass
class Pointing:
    """A table that points at content types: its own key, and the columns for type and object.

    kind, key_kind: the types of object and key, as PostgreSQL calls them. number: SQL for the
    object as a number, which each key is here; NULL if it is none.
    """

    table: str
    key: str
    key_kind: str
    type: str
    object: str
    kind: str
    nullable: bool

    @property
    def number(self):
        column = f"{self.table}.{self.object}"
        if self.kind in ("smallint", "integer", "bigint"):
            return column
        return f"CASE WHEN {column} ~ '^[0-9]{{1,18}}$' THEN {column}::bigint END"


def pointing(cursor):
    """Each table that points at content types, but for the permissions, by its foreign key."""
    named = {
        (model._meta.db_table, model._meta.get_field(field.ct_field).column): model._meta.get_field(
            field.fk_field
        ).column
        for model in apps.get_models()
        for field in model._meta.private_fields
        if isinstance(field, GenericForeignKey)
    }
    tables = []
    for table, column, key, key_kind, nullable in rows(cursor, POINTING):
        of_object = named.get((table, column), "object_id")
        kind = rows(cursor, KIND, [table, of_object])
        if kind:
            it = Pointing(table, key, key_kind, column, of_object, kind[0][0], nullable)
            tables.append(it)
        elif rows(cursor, f"SELECT FROM {table} LIMIT 1"):
            raise Refused(
                f"The table {table} points at content types, and no column object_id says at "
                "which row: give its model a GenericForeignKey, or empty it."
            )
    return tables


POINTING = """
    SELECT conrelid::regclass::text, type.attname, key.attname,
        format_type(key.atttypid, key.atttypmod), NOT type.attnotnull
    FROM pg_constraint AS own
    JOIN pg_attribute AS type ON type.attrelid = conrelid AND type.attnum = conkey[1]
    JOIN pg_index ON indrelid = conrelid AND indisprimary
    JOIN pg_attribute AS key ON key.attrelid = conrelid AND key.attnum = indkey[0]
    WHERE confrelid = 'django_content_type'::regclass AND contype = 'f'
      AND conrelid <> 'auth_permission'::regclass
    ORDER BY 1, 2
"""
KIND = """
    SELECT format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attname = %s
"""


def rename(cursor, old, new):
    """Let all that points at one content type point at another, the keys as they are."""
    for it in pointing(cursor):
        cursor.execute(f"UPDATE {it.table} SET {it.type} = %s WHERE {it.type} = %s", [new, old])


def remember(cursor, label, number):
    """Write down in archive.reference, under a label, what points at a content type now."""
    for it in pointing(cursor):
        cursor.execute(
            f"INSERT INTO archive.reference SELECT %s, %s, {it.key}::text, {it.object}::text"
            f" FROM {it.table} WHERE {it.type} = %s ON CONFLICT DO NOTHING",
            [label, it.table, number],
        )


def exist(cursor, number):
    """Whether anything points at a content type."""
    return any(
        rows(cursor, f"SELECT FROM {it.table} WHERE {it.type} = %s LIMIT 1", [number])
        for it in pointing(cursor)
    )


def pair(cursor, keys):
    """Make the temporary table key_pair of the SQL `keys`, which gives old and new."""
    cursor.execute("DROP TABLE IF EXISTS key_pair")
    cursor.execute(f"CREATE TEMPORARY TABLE key_pair AS {keys}")
    cursor.execute("ANALYZE key_pair")


def move(cursor, old, new, keys):
    """The same as rename(), with the keys translated by the pairs (old, new) of the SQL `keys`."""
    pair(cursor, keys)
    for it in pointing(cursor):
        cursor.execute(
            f"UPDATE {it.table} SET {it.type} = %s, {it.object} = key_pair.new::{it.kind}"
            f" FROM key_pair WHERE {it.type} = %s AND {it.number} = key_pair.old",
            [new, old],
        )
        lose_sight(cursor, it, old)
    cursor.execute("DROP TABLE key_pair")


def lose_sight(cursor, it, old):
    """What names an object that is gone names nothing from now on: its key may become another's."""
    if it.nullable:
        cursor.execute(f"UPDATE {it.table} SET {it.type} = NULL WHERE {it.type} = %s", [old])
        return
    refuse_lost(
        it, rows(cursor, f"SELECT {it.key} FROM {it.table} WHERE {it.type} = %s LIMIT 1", [old])
    )


def refuse_lost(it, lost):
    if lost:
        raise Refused(
            f"Row {lost[0][0]} of {it.table} points at an object that is not there: "
            "delete it, or let it point at one that is."
        )


def translate(cursor, number, keys, label):
    """Write other keys for one content type's objects, each row once.

    What is written down under a label gets the key that is written down there, and is forgotten;
    the others get theirs by the pairs (old, new) of the SQL `keys`.
    """
    pair(cursor, keys)
    for it in pointing(cursor):
        said = {"type": number, "label": label, "table": it.table}
        if it.nullable:
            cursor.execute(IN_SIGHT_AGAIN.format(**vars(it)), said)
        parts = vars(it) | {"number": it.number, "lost": "NULL" if it.nullable else it.type}
        lost = rows(cursor, TRANSLATE.format(**parts), said)
        if not it.nullable:
            refuse_lost(it, lost)
    cursor.execute("DROP TABLE key_pair")
    cursor.execute("DELETE FROM archive.reference WHERE label = %s", [label])


IN_SIGHT_AGAIN = """
    UPDATE {table} SET {type} = %(type)s FROM archive.reference AS was
    WHERE {type} IS NULL AND label = %(label)s AND rel = %(table)s AND key = {table}.{key}::text
"""
TRANSLATE = """
    WITH changed AS (
        UPDATE {table} AS it SET {object} = coalesce(now.object, it.{object}::text)::{kind},
            {type} = CASE WHEN now.object IS NULL THEN {lost} ELSE {type} END
        FROM (
            SELECT {table}.{key} AS key, coalesce(was.object, key_pair.new::text) AS object
            FROM {table}
            LEFT JOIN archive.reference AS was ON was.label = %(label)s
                AND was.rel = %(table)s AND was.key = {table}.{key}::text
            LEFT JOIN key_pair ON key_pair.old = {number}
            WHERE {table}.{type} = %(type)s) AS now
        WHERE it.{key} = now.key RETURNING now.key, now.object)
    SELECT key FROM changed WHERE object IS NULL LIMIT 1
"""


def put_back(cursor, label, number):
    """Let what is written down under a label point at what it did, as objects of a content type."""
    for it in pointing(cursor):
        cursor.execute(
            f"UPDATE {it.table} SET {it.type} = %s, {it.object} = was.object::{it.kind}"
            " FROM archive.reference AS was"
            f" WHERE label = %s AND rel = %s AND {it.table}.{it.key}::text = was.key"
            # those that are there already are not to be locked
            f" AND ({it.type}, {it.object}::text) IS DISTINCT FROM (%s, was.object)",
            [number, label, it.table, number],
        )
    cursor.execute("DELETE FROM archive.reference WHERE label = %s", [label])
