"""What a move does to a running site: the locks that it holds, the tables that it rewrites.

And the time that PostgreSQL needs for its rewrites and inserts alone, whoever asks for them: the
floor. It is measured on the moved database, right after the move. A table that was rewritten is
rewritten once more (VACUUM FULL, which builds its indexes anew, too: PostgreSQL 18 docs, VACUUM);
of a table in which rows were inserted or updated, as many rows are inserted or updated in another
one like it, indexes included, foreign keys not.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from workbench.server import postgres

# seconds between two looks
PAUSE = 0.01
# locks that make writers wait; the last one makes readers wait, too (PostgreSQL 18 docs, 13.3)
STRONG = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")

# of the tables that others see
LOCKS = """
    SELECT pg_class.relname, mode FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE locktype = 'relation' AND granted AND mode = ANY(%s) AND relkind = 'r'
      AND relnamespace = 'public'::regnamespace
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND pid <> pg_backend_pid()
"""


@dataclass
class Locks:
    """{(table, mode): the longest time in seconds that it was seen held without a pause}."""

    longest: dict[tuple[str, str], float] = field(default_factory=dict)
    since: dict[tuple[str, str], float] = field(default_factory=dict)

    def see(self, held: set[tuple[str, str]], now: float) -> None:
        """Note what is held now."""
        self.since = {lock: self.since.get(lock, now) for lock in held}
        for lock, began in self.since.items():
            self.longest[lock] = max(self.longest.get(lock, 0.0), now - began)


@contextmanager
def locks(server: Mapping[str, str], database: str) -> Iterator[Locks]:
    """What strong locks others hold in the database while the block runs."""
    seen, over = Locks(), threading.Event()
    with postgres.connect(server, database) as connection:

        def look() -> None:
            while not over.wait(PAUSE):
                rows: Any = connection.execute(LOCKS, [list(STRONG)]).fetchall()
                seen.see(set(rows), time.monotonic())

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


def files(connection: Any) -> dict[int, tuple[str, int]]:
    """{oid: (name, file)} of each table: another file of the same table is a rewritten table."""
    found = connection.execute(
        "SELECT oid, relname, pg_relation_filenode(oid) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    return {oid: (name, file) for oid, name, file in found}


def rewritten(before: dict[int, tuple[str, int]], after: dict[int, tuple[str, int]]) -> list[str]:
    """The tables that stayed and lie in another file now, by their names after."""
    return sorted(
        name for oid, (name, file) in after.items() if oid in before and before[oid][1] != file
    )


# rows inserted and updated since the server began to count
COUNTED = """
    SELECT relid, schemaname, pg_stat_user_tables.relname, relfilenode, n_tup_ins, n_tup_upd
    FROM pg_stat_user_tables JOIN pg_class ON pg_class.oid = relid
    WHERE schemaname IN ('public', 'archive')
"""
# fewer rows take no time
FEW = 100


@dataclass(frozen=True)
class Table:
    """A table's name, the file that it lies in, how many rows have been inserted and updated."""

    name: sql.Identifier
    file: int
    inserted: int
    updated: int


def tables(connection: Any) -> dict[int, Table]:
    """{oid: table} as it is now."""
    return {
        oid: Table(sql.Identifier(schema, name), *counted)
        for oid, schema, name, *counted in connection.execute(COUNTED).fetchall()
    }


def seconds(connection: Any, before: dict[int, Table], after: dict[int, Table]) -> float:
    """What it takes to do again what was done to the tables since `before`."""
    needed = 0.0
    for oid, table in after.items():
        was = before.get(oid)
        inserted = table.inserted - (was.inserted if was else 0)
        updated = table.updated - (was.updated if was else 0)
        if max(inserted, updated) > FEW:
            needed += write(connection, table, inserted, updated)
        if was and was.file != table.file:
            needed += timed(connection, sql.SQL("VACUUM FULL {}").format(table.name))
    return needed


def write(connection: Any, table: Table, inserted: int, updated: int) -> float:
    """The seconds for inserting and updating so many rows in a table like it."""
    there: int
    [there] = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table.name)).fetchone()
    if not there:
        return 0.0
    connection.execute(
        sql.SQL("CREATE TABLE census.floor (LIKE {} INCLUDING ALL)").format(table.name)
    )
    try:
        insert = sql.SQL("INSERT INTO census.floor OVERRIDING SYSTEM VALUE SELECT * FROM {}")
        needed = timed(connection, insert.format(table.name)) * inserted / there
        if updated > FEW:
            # once each, however often the move did it; the pages are full, so each new version
            # goes into all indexes, as the move's did
            update = sql.SQL("UPDATE census.floor SET {0} = {0}").format(first_column(connection))
            needed += timed(connection, update) * min(updated / there, 1)
    finally:
        connection.execute("DROP TABLE census.floor")
    return needed


def first_column(connection: Any) -> sql.Identifier:
    """That of the copy: PostgreSQL writes the whole row anew, whichever column is set."""
    [name] = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'census.floor'::regclass AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum LIMIT 1"
    ).fetchone()
    return sql.Identifier(name)


def timed(connection: Any, statement: sql.Composed) -> float:
    """The seconds that the statement takes."""
    began = time.perf_counter()
    connection.execute(statement)
    return time.perf_counter() - began
