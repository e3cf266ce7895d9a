"""The time that PostgreSQL needs for a move's rewrites and inserts alone, whoever asks for them.

Measured on the moved database, right after the move: a table that was rewritten is rewritten once
more (VACUUM FULL, which builds its indexes anew, too: PostgreSQL 18 docs, VACUUM); of a table into
which rows were written, as many rows are inserted into another one like it, indexes included.
"""

import time
from dataclasses import dataclass
from typing import Any

from psycopg import sql

# rows written since the server began to count, and those that are there
COUNTED = """
    SELECT relid, schemaname, pg_stat_user_tables.relname, relfilenode, n_tup_ins + n_tup_upd
    FROM pg_stat_user_tables JOIN pg_class ON pg_class.oid = relid
    WHERE schemaname IN ('public', 'archive')
"""
# fewer rows take no time
FEW = 100


@dataclass(frozen=True)
class Table:
    """A table's name, the file that it lies in, and how many rows have been written into it."""

    name: sql.Identifier
    file: int
    written: int


def tables(connection: Any) -> dict[int, Table]:
    """{oid: table} as it is now."""
    return {
        oid: Table(sql.Identifier(schema, name), file, written)
        for oid, schema, name, file, written in connection.execute(COUNTED).fetchall()
    }


def seconds(connection: Any, before: dict[int, Table], after: dict[int, Table]) -> float:
    """What it takes to do again what was done to the tables since `before`."""
    needed = 0.0
    for oid, table in after.items():
        was = before.get(oid)
        written = table.written - (was.written if was else 0)
        if written > FEW:
            needed += insert(connection, table, written)
        if was and was.file != table.file:
            needed += timed(connection, sql.SQL("VACUUM FULL {}").format(table.name))
    return needed


def insert(connection: Any, table: Table, rows: int) -> float:
    """The seconds for inserting so many rows into a table like it."""
    there: int
    [there] = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table.name)).fetchone()
    if not there:
        return 0.0
    connection.execute(
        sql.SQL("CREATE TABLE census.floor (LIKE {} INCLUDING ALL)").format(table.name)
    )
    try:
        took = timed(
            connection,
            sql.SQL("INSERT INTO census.floor OVERRIDING SYSTEM VALUE SELECT * FROM {}").format(
                table.name
            ),
        )
    finally:
        connection.execute("DROP TABLE census.floor")
    return took * rows / there


def timed(connection: Any, statement: sql.Composed) -> float:
    """The seconds that the statement takes."""
    began = time.perf_counter()
    connection.execute(statement)
    return time.perf_counter() - began
