"""The users' table under another name, and with another type of key."""

from moves.operations.base import Refused, Step, is_there, rows, type_of
from moves.operations.locks import lock

PARTS = ("", "_groups", "_user_permissions")
USERS = [f"{users}{part}" for users in ("players_user", "auth_user") for part in PARTS]


class RenameTables(Step):
    """Rename the users' table and its two many-to-many tables. Rewrites nothing.

    On a fresh database Django has made both, empty; then the old ones go.
    """

    def __init__(self, old, new):
        self.old = old
        self.new = new

    def forwards(self, cursor):
        rename(cursor, self.old, self.new)

    def backwards(self, cursor):
        rename(cursor, self.new, self.old)

    def describe(self):
        return f"Rename {self.old} to {self.new}"


def rename(cursor, old, new):
    if is_there(cursor, new):
        drop_empty(cursor, old)
        return
    lock(cursor, old)
    for part in PARTS:
        cursor.execute(f"ALTER TABLE {old}{part} RENAME TO {new}{part}")


def drop_empty(cursor, old):
    if rows(cursor, f"SELECT FROM {old} LIMIT 1"):
        raise Refused(f"Both {old} and its future name are there, with users: drop the other one.")
    for part in reversed(PARTS):
        cursor.execute(f"DROP TABLE {old}{part}")


class ChangeKey(Step):
    """Change the type of a table's id, and of every column that points at it.

    The only step that rewrites tables: the users' own, and each that points at it, under an
    exclusive lock. Found by the catalogs, so no app can be forgotten.
    """

    def __init__(self, table, old, new):
        self.table = table
        self.old = old
        self.new = new

    def forwards(self, cursor):
        change(cursor, self.table, self.new)

    def backwards(self, cursor):
        change(cursor, self.table, self.old)

    def describe(self):
        return f"Make the key of {self.table} {self.new}"


# those of a partitioned table; PostgreSQL makes and drops its partitions' own with them
POINTING = """
    SELECT conrelid::regclass::text, quote_ident(conname), attname,
        pg_get_constraintdef(pg_constraint.oid),
        quote_nullable(obj_description(pg_constraint.oid, 'pg_constraint'))
    FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE confrelid = to_regclass(%s) AND contype = 'f' AND cardinality(conkey) = 1
      AND conparentid = 0
    ORDER BY 1, 2
"""


def change(cursor, table, new):
    if type_of(cursor, table, "id") in (None, new):
        return
    pointing = rows(cursor, POINTING, [table])
    # all at once, the users first: whoever comes meanwhile waits there, and holds nothing
    lock(cursor, *dict.fromkeys([table, *(other for other, *_ in pointing)]))
    for other, name, *_ in pointing:
        cursor.execute(f"ALTER TABLE {other} DROP CONSTRAINT {name}")
    retype(cursor, table, ["id"], new)
    for other in sorted({other for other, *_ in pointing}):
        retype(cursor, other, [column for it, _, column, *_ in pointing if it == other], new)
    for other, name, _, definition, comment in pointing:
        cursor.execute(f"ALTER TABLE {other} ADD CONSTRAINT {name} {definition}")
        if comment != "NULL":
            cursor.execute(f"COMMENT ON CONSTRAINT {name} ON {other} IS {comment}")


def retype(cursor, table, columns, new):
    """All columns of one table in one statement: it is rewritten once."""
    changes = ", ".join(f'ALTER COLUMN "{column}" TYPE {new}' for column in columns)
    cursor.execute(f"ALTER TABLE {table} {changes}")
