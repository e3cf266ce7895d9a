"""The time that PostgreSQL needs for a move's rewrites and inserts alone, whoever asks for them.

Measured on the moved database, right after the move: a table that was rewritten is rewritten once
more (VACUUM FULL, which builds its indexes anew, too: PostgreSQL 18 docs, VACUUM); of a table in
which rows were inserted or updated, as many rows are inserted or updated in another one like it,
indexes included, foreign keys not.
"""

import time
from dataclasses import dataclass
from typing import Any

from psycopg import sql

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
