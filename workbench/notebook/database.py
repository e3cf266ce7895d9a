"""A database for one run of a notebook: made for it, dropped after it, also after a kill.

Whoever runs holds a connection to the database. One that nobody is connected to has been left by
a process that was killed, and the next run drops it.
"""

import secrets
from collections.abc import Mapping

from psycopg import Connection, sql

from workbench.server import databases, postgres

MARK = f"{databases.MARK}: for one run of a notebook"
LEFT = """
    SELECT datname FROM pg_database
    WHERE shobj_description(oid, 'pg_database') = %s
        AND pg_has_role(datdba, 'MEMBER')
        AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datid = pg_database.oid)
"""

Held = Connection[tuple[object, ...]]


def make(server: Mapping[str, str], variant: str) -> Held:
    """A connection to a new, empty database, to be kept open for as long as the run lasts.

    server holds libpq's variables. Raises WorkbenchError if this user may not create one.
    """
    name = f"notebook_{variant}_{secrets.token_hex(4)}"
    with _turn(server) as connection:
        _sweep(connection)
        databases.create(connection, name)
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
        connection.execute(comment.format(sql.Identifier(name), sql.Literal(MARK)))
        return postgres.connect(server, name)


def drop(server: Mapping[str, str], held: Held) -> None:
    """Drop the database to which this connection is held."""
    name = held.info.dbname
    held.close()
    with _turn(server) as connection:
        _drop(connection, name)


def sweep(server: Mapping[str, str]) -> None:
    """Drop what runs that were killed have left."""
    with _turn(server) as connection:
        _sweep(connection)


def _turn(server: Mapping[str, str]) -> Held:
    """A connection that has the lock: nobody sweeps between another's making and holding."""
    connection = postgres.connect(server, "postgres")
    connection.execute("SELECT pg_advisory_lock(%s)", [databases.TURN])
    return connection


def _sweep(connection: Held) -> None:
    for (name,) in connection.execute(LEFT, [MARK]).fetchall():
        _drop(connection, str(name))


def _drop(connection: Held, name: str) -> None:
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    connection.execute(drop.format(sql.Identifier(name)))
