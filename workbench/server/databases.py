"""The databases of the tool: made, migrated, copied and dropped, and whose they are.

A database that the tool made bears its mark: a comment (PostgreSQL 18 docs, COMMENT), which no
other program sets by itself. On a server of the user's own the mark also names the user and the
machine, and a database that is made for one run names its process.
"""

import datetime
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum, unique
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from psycopg import errors, sql

from workbench.errors import WorkbenchError
from workbench.server import postgres, processes
from workbench.variants import VARIANTS

MARK = "extending-user-workbench"
DEMO = {
    "csv": str(Path(__file__).parent / "demo.csv"),
    "password": "roll-for-initiative",
    "superuser": "gm",
}

# what initdb makes has an oid below 16384 (src/include/access/transam.h, FirstNormalObjectId)
CONTENT = """
    SELECT EXISTS (SELECT FROM pg_class WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_proc WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_type WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_namespace WHERE oid >= 16384)
        OR EXISTS (SELECT FROM pg_largeobject_metadata)
"""

Server = Mapping[str, str]


@unique
class Turn(IntEnum):
    """The numbers of PostgreSQL's advisory locks: one process of the tool at a time does each.

    They are arbitrary, and the same in every clone of the workbench.
    """

    MAKE_DATABASES = 8_001_8004
    BENCH = 8_001_8005
    TAKE_SNAPSHOTS = 8_001_8006


@contextmanager
def alone(server: Server, turn: Turn, busy: str = "") -> Iterator[Any]:
    """Hold the lock on one connection, which is yielded, while the block runs.

    busy: if another process holds the lock, raise WorkbenchError with this sentence, do not wait.
    """
    with postgres.connect(server, "postgres") as connection:
        if busy:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [turn]).fetchone()
            if row != (True,):
                raise WorkbenchError(busy)
        else:
            connection.execute("SELECT pg_advisory_lock(%s)", [turn])
        yield connection


def ensure(server: Server, name: str, template: str = "template1") -> None:
    """See to it that the database exists and is the tool's own; an empty one is adopted.

    server: libpq's variables. A new database is a copy of the template. Raises WorkbenchError if
    it holds something else, another user of the workbench made it, or it cannot be made.
    """
    with alone(server, Turn.MAKE_DATABASES) as connection:
        known = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
        _check_encoding(connection, name if known else template, name)
        if known and known[0] in _own_marks():
            return
        if known and (known[0] or "").startswith(f"{MARK}: of "):
            raise WorkbenchError(
                f"The database {name} belongs to the workbench {known[0].removeprefix(MARK)[2:]} "
                "(nothing was touched): unset PGHOST to use a PostgreSQL of your own, or share it "
                f"by COMMENT ON DATABASE {name} IS '{MARK}'."
            )
        if known is None:
            _make(connection, server, name, template)
            return
        if not _is_empty(server, name):
            raise WorkbenchError(
                f"The database {name} holds something that the workbench did not make: "
                "rename or drop it (nothing was touched)."
            )
        _mark(connection, name, _own_marks()[0])


def _own_marks() -> list[str]:
    """Return the marks of the databases that this user may change; new ones get the first.

    Several users may use one server of their own, but an embedded one has a single user. The mark
    without a user is everybody's.
    """
    return [f"{MARK}: of {_user()}", MARK] if postgres.is_external() else [MARK]


def _user() -> str:
    """Return who runs this process, and where, such as "anna on lab-3"."""
    return f"{psutil.Process().username()} on {socket.gethostname()}"


def _check_encoding(connection: Any, database: str, name: str) -> None:
    """Raise WorkbenchError unless the database, or the template of a new one, is in UTF-8."""
    query = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s"
    found = connection.execute(query, [database]).fetchone()
    if found not in (None, ("UTF8",)):
        raise WorkbenchError(
            f"The database {database} has the encoding {found[0]}, which cannot store every name: "
            f"drop {name} if it exists, and create it with "
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'."
        )


def _make(connection: Any, server: Server, name: str, template: str) -> None:
    """Make and mark a database; nothing is left of it if somebody presses Ctrl-C meanwhile."""
    try:
        create(connection, name, template)
        _mark(connection, name, _own_marks()[0])
    except KeyboardInterrupt:
        drop(server, name)
        raise


def exists(server: Server, name: str) -> bool:
    """Return whether there is a database of that name."""
    with postgres.connect(server, "postgres") as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return found.rowcount > 0


def anew(server: Server, name: str, template: str = "template1") -> None:
    """Make the database anew; raise WorkbenchError if the existing one is not the tool's own."""
    if exists(server, name):
        ensure(server, name)
        drop(server, name)
    ensure(server, name, template)


def copy(server: Server, name: str, copied: str) -> None:
    """Make `copied`, dropping an older one, as a copy of the database; it gets no mark."""
    drop(server, copied)
    with postgres.connect(server, "postgres") as connection:
        create(connection, copied, template=name)


def drop(server: Server, *names: str) -> None:
    """Drop databases, whoever is connected."""
    with postgres.connect(server, "postgres") as connection:
        for name in names:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def marked(connection: Any, beginning: str) -> list[str]:
    """Return the names of our databases that begin so."""
    rows = connection.execute(
        """SELECT datname FROM pg_database
           WHERE shobj_description(oid, 'pg_database') = ANY(%s) AND starts_with(datname, %s)
             AND pg_has_role(datdba, 'MEMBER')""",
        [_own_marks(), beginning],
    )
    return [name for (name,) in rows.fetchall()]


def create(connection: Any, name: str, template: str = "template1") -> None:
    """Make a database as the template is; raise WorkbenchError if this user may not."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    try:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    except errors.InsufficientPrivilege as error:
        raise WorkbenchError(
            f"This PostgreSQL user may not create the database {name}: "
            "give it CREATEDB, or create an empty one yourself."
        ) from error


def _mark(connection: Any, name: str, mark: str) -> None:
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(mark))
    )


def _is_empty(server: Server, name: str) -> bool:
    with postgres.connect(server, name) as connection:
        row = connection.execute(CONTENT).fetchone()
        return row == (False,)


# --- the variants' own


def prepare(
    server: Server,
    names: Iterable[str] = VARIANTS,
    *,
    demo: bool = False,
) -> None:
    """Make and migrate the databases of these variants, all at once.

    demo: fill a database without users with the players of demo.csv and a superuser.
    Raises WorkbenchError if a database is somebody else's or a migration fails.
    """
    names = tuple(names)
    for name in names:
        ensure(server, name)
    order = {"demo": DEMO if demo else None}
    running = {name: _migrating(name, server, order) for name in names}
    try:
        for process in running.values():
            process.finish()
    finally:
        processes.end(running.values())


def _migrating(name: str, server: Server, order: dict[str, Any]) -> processes.Conversation:
    words = (
        f"{name} could not be migrated",
        f"see it whole with `workbench manage {name} migrate`",
    )
    return processes.inside(name, server, "workbench.inside.setup", order, *words)


def prepare_new(server: Server, *names: str) -> None:
    """Make and migrate those of the databases that have no migration yet; raise as prepare()."""
    for name in names:
        ensure(server, name)
    prepare(server, [name for name in names if not _is_migrated(server, name)])


def _is_migrated(server: Server, name: str) -> bool:
    with postgres.connect(server, name) as connection:
        found = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
        return found != (None,)


# --- for one run

# what a mark says of the process for which the database was made
PROCESS = re.compile(r", process (?P<number>\d+) of (?P<user>.+) since (?P<day>[\d-]+)")
# how long a database stays whose process ran on a machine that cannot be looked at from here
STAYS = datetime.timedelta(days=7)


def lend(server: Server, name: str, mark: str) -> None:
    """Make a database for this process, with that mark.

    No connection keeps it: the mark names the process. What processes that have ended left under
    that mark is dropped first. Raises WorkbenchError if this user may not create a database.
    """
    with alone(server, Turn.MAKE_DATABASES) as connection:
        _drop_left(server, connection, mark)
        create(connection, name)
        today = datetime.datetime.now(datetime.UTC).date()
        process = f", process {psutil.Process().pid} of {_user()} since {today}"
        _mark(connection, name, mark + process)


def hold(server: Server, name: str, mark: str) -> postgres.Connection:
    """Return a connection to a new database for this process, as lend() makes it."""
    lend(server, name, mark)
    return postgres.connect(server, name)


def release(server: Server, held: postgres.Connection) -> None:
    """Close the connection, and drop its database."""
    name = held.info.dbname
    held.close()
    drop(server, name)


def drop_left(server: Server, mark: str) -> None:
    """Drop the databases with that mark whose process has ended, if nobody is connected to them."""
    with alone(server, Turn.MAKE_DATABASES) as connection:
        _drop_left(server, connection, mark)


def _drop_left(server: Server, connection: Any, mark: str) -> None:
    rows = connection.execute(
        """SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
           WHERE starts_with(shobj_description(oid, 'pg_database'), %s)
             AND pg_has_role(datdba, 'MEMBER')
             AND NOT EXISTS (SELECT FROM pg_stat_activity
                             WHERE datid = pg_database.oid AND backend_type = 'client backend')""",
        [mark],
    ).fetchall()
    drop(server, *[name for name, its in rows if _has_ended(its.removeprefix(mark))])


def _has_ended(said: str) -> bool:
    """Return whether the process has ended for which a database was made.

    Of a process on another machine, or of another user, nothing is known. So its database stays for
    some days.
    """
    found = PROCESS.fullmatch(said)
    if found is None:  # as earlier versions of the workbench marked them
        return True
    if found["user"] == _user():
        return not _runs(int(found["number"]))
    today = datetime.datetime.now(datetime.UTC).date()
    return today - datetime.date.fromisoformat(found["day"]) > STAYS


def _runs(number: int) -> bool:
    """Return whether a Python of this user has that process id.

    Ids are used again. Then a database stays for longer than it should, but never for less.
    """
    try:
        process = psutil.Process(number)
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and process.username() == psutil.Process().username()
            and "python" in Path(process.exe()).name.lower()
        )
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def ignores_case(server: Mapping[str, str], name: str) -> bool:
    """Return whether `upper()` of the database knows letters beyond ASCII.

    Otherwise the unique index on `UPPER(username)` takes "é" and "É" for two usernames.
    Source: PostgreSQL 18 docs, 23.1. Locale Support.
    """
    with postgres.connect(server, name) as connection:
        return connection.execute("SELECT upper('é') = 'É'").fetchone() == (True,)
