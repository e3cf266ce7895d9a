"""The schema `archive`: what an approach has no place for stays there, so that one can go back."""

from contextlib import nullcontext

from moves.operations.base import Step, rows
from moves.operations.indexes import without_indexes

PEOPLE = """archive.person (
    person_id bigint, user_id bigint NOT NULL, birthdate date, discord_id text, zoom_id text)"""


class Archive(Step):
    """Put the extras, for which the next approach has no place, into archive.person.

    table: where they are. rows: SQL that gives the five columns of archive.person.
    back: SQL that gives them back from archive.person, which is there then, if only empty.
    """

    def __init__(self, table, rows, back):
        self.table = table
        self.rows = rows
        self.back = back

    def forwards(self, cursor):
        open_archive(cursor)
        # what somebody writes between the copy and the end would be lost
        cursor.execute(f"LOCK TABLE {self.table} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"INSERT INTO archive.person {self.rows}")
        close_archive(cursor)

    def backwards(self, cursor):
        open_archive(cursor)
        cursor.execute("ANALYZE archive.person")
        with self.prepared(cursor):
            cursor.execute(self.back)
        cursor.execute("DROP TABLE archive.person")
        close_archive(cursor)

    def prepared(self, cursor):
        """Without indexes, if there is something to write."""
        any_ = rows(cursor, "SELECT FROM archive.person LIMIT 1")
        return without_indexes(cursor, self.table) if any_ else nullcontext()

    def describe(self):
        return f"Keep the extras of {self.table} in archive.person"


def open_archive(cursor):
    """See to it that the archive is there, with a table for people."""
    cursor.execute("CREATE SCHEMA IF NOT EXISTS archive")
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {PEOPLE}")


def close_archive(cursor):
    """Take away what is empty, and in the end the archive itself."""
    tables = rows(cursor, "SELECT tablename FROM pg_tables WHERE schemaname = 'archive'")
    left = [name for (name,) in tables if not drop_if_empty(cursor, f"archive.{name}")]
    if not left:
        cursor.execute("DROP SCHEMA IF EXISTS archive")


def drop_if_empty(cursor, table):
    empty = not rows(cursor, f"SELECT FROM {table} LIMIT 1")
    if empty:
        cursor.execute(f"DROP TABLE {table}")
    return empty
