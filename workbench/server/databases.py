"""The variants' databases, and whose they are: one that the tool made bears its mark.

The mark is the database's comment (PostgreSQL 18 docs, COMMENT), which no other program sets by
itself. What bears another's name is never touched.
"""

from collections.abc import Mapping
from typing import Any

from psycopg import errors, sql

from workbench.errors import WorkbenchError
from workbench.server import postgres

MARK = "extending-user-workbench"
# an arbitrary number, the same in every workbench: one at a time makes databases
TURN = 8_001_8004

# what initdb makes has an oid below 16384 (src/include/access/transam.h, FirstNormalObjectId)
CONTENT = """
    SELECT EXISTS (SELECT FROM pg_class WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_proc WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_type WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_namespace WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_largeobject_metadata)
"""


def ensure(server: Mapping[str, str], name: str, template: str = "template1") -> None:
    """See to it that the database is there and the tool's own; an empty one is adopted.

    server holds libpq's variables; a new database is a copy of the template. Raises
    WorkbenchError if it holds something else, or cannot be made.
    """
    with postgres.connect(server, "postgres") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [TURN])
        known = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
        if known == (MARK,):
            return
        if known is None:
            _make(connection, server, name, template)
            return
        if not _is_empty(server, name):
            raise WorkbenchError(
                f"The database {name} holds something that the workbench did not make: "
                "rename or drop it (nothing was touched)."
            )
        _mark(connection, name)


def _make(connection: Any, server: Mapping[str, str], name: str, template: str) -> None:
    """Make and mark a database; nothing is left of it if somebody presses Ctrl-C meanwhile."""
    try:
        create(connection, name, template)
        _mark(connection, name)
    except KeyboardInterrupt:
        drop(server, name)
        raise


def exists(server: Mapping[str, str], name: str) -> bool:
    """Whether there is a database of that name."""
    with postgres.connect(server, "postgres") as connection:
        return bool(
            connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchall()
        )


def anew(server: Mapping[str, str], name: str, template: str = "template1") -> None:
    """Make the database anew; raises WorkbenchError if what is there is not the tool's own."""
    if exists(server, name):
        ensure(server, name)
        drop(server, name)
    ensure(server, name, template)


def drop(server: Mapping[str, str], name: str) -> None:
    """Drop a database, whoever is connected."""
    with postgres.connect(server, "postgres") as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


def create(connection: Any, name: str, template: str = "template1") -> None:
    """Make a database as the template is; raises WorkbenchError if this user may not."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    try:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    except errors.InsufficientPrivilege as error:
        raise WorkbenchError(
            f"This PostgreSQL user may not create the database {name}: "
            "give it CREATEDB, or create an empty one yourself."
        ) from error


def _mark(connection: Any, name: str) -> None:
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(MARK))
    )


def _is_empty(server: Mapping[str, str], name: str) -> bool:
    with postgres.connect(server, name) as connection:
        row = connection.execute(CONTENT).fetchone()
        return row == (False,)
