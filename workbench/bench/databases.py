"""The databases of a run: their names, one run at a time, emptying, and what they take on disk."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from psycopg import sql

from workbench.bench.result import Size
from workbench.bench.subjects import Subject
from workbench.server import databases, postgres
from workbench.server.databases import Server, Turn

PREFIX = "bench_"

TABLE = """
    SELECT pg_relation_size(oid), coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0)
    FROM pg_class WHERE oid = %s::regclass
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_relation_size(indexrelid)
    FROM pg_index WHERE indrelid = %s::regclass ORDER BY 1
"""


def called(subject: Subject, size: int | str) -> str:
    """Return the name of a subject's database with so many players, or for this purpose."""
    return f"{PREFIX}{subject.name}_{size}"


@contextmanager
def alone(server: Server) -> Iterator[None]:
    """Be the only bench on this server; raise WorkbenchError if there is another.

    Two would measure each other. What a run has made, also one that was killed, is dropped.
    """
    busy = "workbench bench runs on this server already: wait for its end."
    with databases.alone(server, Turn.BENCH, busy) as connection:
        databases.drop(server, *databases.marked(connection, PREFIX))
        try:
            yield
        finally:
            databases.drop(server, *databases.marked(connection, PREFIX))


def empty(server: Server, database: str, tables: Iterable[str]) -> None:
    """Make the tables as new, and leave PostgreSQL nothing to write from before."""
    names = sql.SQL(", ").join(map(sql.Identifier, tables))
    with postgres.connect(server, database) as connection:
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))
        connection.execute("CHECKPOINT")


def sizes(server: Server, subject: Subject, players: int, tables: Iterable[str]) -> list[Size]:
    """Return what each table of a subject's database takes."""
    found: list[Size] = []
    with postgres.connect(server, called(subject, players)) as connection:
        for table in tables:
            [(heap, toast)] = connection.execute(TABLE, [table]).fetchall()
            indexes = connection.execute(INDEXES, [table]).fetchall()
            found.append(
                {
                    "subject": subject.name,
                    "table": table,
                    "players": players,
                    "heap": round(heap / players, 1),
                    "toast": round(toast / players, 1),
                    "indexes": {name: round(size / players, 1) for name, size in indexes},
                }
            )
    return found
