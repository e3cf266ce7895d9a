"""The common part of all operations, the plainest one, and the one that turns another round."""

from django.core.management.base import CommandError
from django.db.migrations.operations.base import Operation


class Refused(CommandError):
    """The move cannot begin; nothing has been changed. manage.py prints it as one sentence."""


class Step(Operation):
    """An operation with two halves, each given a cursor; Django's state stays as it is."""

    reversible = True
    reduces_to_sql = False
    atomic = True

    def forwards(self, cursor):
        raise NotImplementedError

    def backwards(self, cursor):
        raise NotImplementedError

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, editor, before, after):
        self.run(self.forwards, editor)

    def database_backwards(self, app_label, editor, before, after):
        self.run(self.backwards, editor)

    def run(self, half, editor):
        with editor.connection.cursor() as cursor:
            half(cursor)
            settle(cursor)

    def describe(self):
        return (type(self).__doc__ or "").partition("\n")[0].rstrip(".:")


class Reversed(Step):
    """Another operation, the other way round."""

    def __init__(self, operation):
        self.operation = operation

    def database_forwards(self, app_label, editor, before, after):
        self.operation.database_backwards(app_label, editor, before, after)

    def database_backwards(self, app_label, editor, before, after):
        self.operation.database_forwards(app_label, editor, before, after)

    def describe(self):
        return f"Undo: {self.operation.describe()}"


class Sql(Step):
    """SQL for each direction."""

    def __init__(self, forwards="", backwards=""):
        self.sql = forwards
        self.reverse_sql = backwards

    def forwards(self, cursor):
        if self.sql:
            cursor.execute(self.sql)

    def backwards(self, cursor):
        if self.reverse_sql:
            cursor.execute(self.reverse_sql)

    def describe(self):
        return " ".join((self.sql or self.reverse_sql).split())[:80]


def settle(cursor):
    """Check what was put off to the commit: else PostgreSQL refuses to alter the tables next.

    ("cannot ALTER TABLE because it has pending trigger events"). Before a strong lock is taken,
    not under it.
    """
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def is_there(cursor, table):
    """Whether there is a table of that name, "schema.table" for one of another schema."""
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
    return cursor.fetchone()[0]


def rows(cursor, sql, params=()):
    cursor.execute(sql, params)
    return cursor.fetchall()


def type_of(cursor, table, column):
    """The type of a column as PostgreSQL calls it, or None."""
    found = rows(
        cursor,
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped",
        [table, column],
    )
    return found[0][0] if found else None
