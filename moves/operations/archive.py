"""The schema `archive`: what an approach has no place for stays there, so that one can go back."""

from contextlib import nullcontext

from moves.operations.base import Step, rows
from moves.operations.indexes import without_indexes

PEOPLE = """archive.person (
    person_id bigint, user_id bigint NOT NULL, birthdate date, discord_id text, zoom_id text)"""
WITHOUT = "archive.without_person (user_id bigint PRIMARY KEY)"


class Archive(Step):
    """Put the extras, for which the next approach has no place, into archive.person.

    table: where they are. rows: SQL that gives the five columns of archive.person.
    back: SQL that gives them back from archive.person, which is there then, if only empty; without
    it, an operation after this one does so.
    """

    def __init__(self, table, rows, back=""):
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
        if self.back:
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
    """Make the archive if there is none, with a table for people and one for users without any."""
    cursor.execute("CREATE SCHEMA IF NOT EXISTS archive")
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {PEOPLE}")
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {WITHOUT}")


OURS = ["person", "filled", "without_person", "content_type", "permission", "holder"]
OURS += ["reference", "name"]
LEFT = "SELECT FROM pg_depend WHERE refobjid = to_regnamespace('archive') LIMIT 1"


def close_archive(cursor):
    """Drop the moves' own tables that are empty, and the archive if nothing else is in it."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'archive' AND tablename = ANY(%s)"
    for (name,) in rows(cursor, tables, [OURS]):
        drop_if_empty(cursor, f"archive.{name}")
    if not rows(cursor, LEFT):
        cursor.execute("DROP SCHEMA IF EXISTS archive")


def drop_if_empty(cursor, table):
    empty = not rows(cursor, f"SELECT FROM {table} LIMIT 1")
    if empty:
        cursor.execute(f"DROP TABLE {table}")
    return empty
