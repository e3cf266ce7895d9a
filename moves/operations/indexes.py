"""A table whose rows are nearly all written anew, without its indexes meanwhile.

Each new version of a row would look for its place in every index. To sort all rows once, after the
last of them, is a fraction of that work (PostgreSQL 18 docs, 14.4.3 Remove Indexes).
"""

from contextlib import contextmanager

from moves.operations.base import Sql, rows, settle

# Those that their definition alone brings back, none with a comment, a storage parameter or a
# tablespace of its own; and none that foreign keys need, as a user's primary key.
REMOVABLE = """
    SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX %%s', index)
            ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', table_, conname) END,
        CASE WHEN conname IS NULL THEN pg_get_indexdef(index)
            ELSE format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', table_, conname, definition) END
    FROM (
        SELECT indexrelid::regclass AS index, indrelid::regclass AS table_, conname,
            pg_get_constraintdef(own.oid) AS definition
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        LEFT JOIN pg_constraint AS own ON own.conindid = indexrelid AND contype IN ('p', 'u', 'x')
        WHERE indrelid = to_regclass(%s) AND indisvalid
            AND NOT (indisclustered OR indisreplident)
            AND reloptions IS NULL AND reltablespace = 0
            AND obj_description(indexrelid, 'pg_class') IS NULL
            AND obj_description(own.oid, 'pg_constraint') IS NULL
            AND NOT EXISTS (
                SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'f')
    ) AS removable
    ORDER BY index::text
"""


class WriteAll(Sql):
    """SQL that writes most rows of a table, whose indexes are built afterwards; each way its own.

    Nobody reads the table meanwhile: unless it is new, say Lock(readers=True) before it, as one who
    has read already and is about to write would wait for us, and we for them.
    """

    def __init__(self, table, forwards, table_back="", backwards=""):
        super().__init__(forwards, backwards)
        self.table = table
        self.table_back = table_back

    def forwards(self, cursor):
        with without_indexes(cursor, self.table):
            super().forwards(cursor)

    def backwards(self, cursor):
        if self.table_back:
            with without_indexes(cursor, self.table_back):
                super().backwards(cursor)


@contextmanager
def without_indexes(cursor, table):
    """The table has only those that foreign keys need, for the block in this transaction."""
    settle(cursor)
    found = rows(cursor, REMOVABLE, [table])
    for drop, _ in found:
        cursor.execute(drop)
    yield
    settle(cursor)
    for _, make in found:
        cursor.execute(make)
