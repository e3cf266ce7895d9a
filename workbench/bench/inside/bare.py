"""Loading a table faster: without indexes and keys, which are built afterwards.

For a benchmark's own database only: whoever ends in the middle leaves a table without them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

# the primary keys stay: ids come in order, and the keys of other tables hold on to them
CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('u', 'f')
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'u')
"""


@contextmanager
def stripped(tables: Sequence[str]) -> Iterator[None]:
    """The tables have nothing but their primary keys in the block, and all of it again after it."""
    with connection.cursor() as cursor:
        cursor.execute(CONSTRAINTS, [list(tables)])
        constraints = cursor.fetchall()
        cursor.execute(INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        for table, name, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        cursor.execute("RESET maintenance_work_mem")
