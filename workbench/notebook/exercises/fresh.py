"""Users to try an answer on: a database for one check, which leaves the learner's as it is.

Not a transaction that is rolled back: an answer may commit, catch an IntegrityError, or ask for
a transaction of its own.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from psycopg import sql

from workbench.errors import WorkbenchError
from workbench.inside import setup
from workbench.paths import PROJECT
from workbench.server import databases, postgres

MARK = f"{databases.MARK}: for one check of an exercise"
UNTIDY = PROJECT / "workbench" / "site" / "mishaps"
# seconds that one statement, and one call, may take
PATIENCE = 5.0
# what the migrations fill
KEPT = ["django_migrations", "django_content_type", "auth_permission"]

# {table: {key: {column: value}}}
Rows = dict[str, dict[Any, dict[str, Any]]]


@contextmanager
def database() -> Iterator[postgres.Connection]:
    """Let Django use a migrated database of its own meanwhile; yield a connection to it.

    Raises WorkbenchError if this user may not create one.
    """
    from django.contrib.contenttypes.models import ContentType
    from django.db import connections

    learners = connections["default"]
    settings = learners.settings_dict
    before = dict(settings)
    server = postgres.from_environment()
    held = databases.hold(server, f"notebook_exercise_{secrets.token_hex(4)}", MARK)
    try:
        # a server-side cursor does not say how many rows it fetches
        settings.update(NAME=held.info.dbname, DISABLE_SERVER_SIDE_CURSORS=True)
        connections["default"] = connections.create_connection("default")
        setup.migrate()
        with learners.execute_wrapper(_refuse):
            yield held
    finally:
        connections["default"].close()
        connections["default"] = learners
        settings.clear()
        settings.update(before)
        ContentType.objects.clear_cache()
        databases.release(server, held)


def connect() -> None:
    """Let Django use a new connection to the database that its settings name."""
    from django.db import connections

    connections["default"].close()
    connections["default"] = connections.create_connection("default")
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{PATIENCE}s"])


def _refuse(*_: Any) -> NoReturn:
    """Keep an answer away from the learner's own database."""
    raise WorkbenchError("this cursor was made before: call connection.cursor() in the function")


def fill(held: postgres.Connection, users: Mapping[str, Any]) -> None:
    """Put this set of users into the database, whatever was in it."""
    from django.conf import settings
    from django.contrib.auth import get_user_model

    emptied = map(sql.Identifier, tables(held))
    held.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(sql.SQL(", ").join(emptied)))
    setup.add(setup.demo_rows(Path(databases.DEMO["csv"])))
    everybody: Any = get_user_model()._default_manager
    everybody.create_superuser(databases.DEMO["superuser"])
    if users.get("untidy"):
        held.execute((UNTIDY / f"{settings.BASE_DIR.name}.sql").read_text(encoding="utf-8"))
    # what differs from one time to the next
    everybody.update(password="!", date_joined=setup.JOINED)
    held.execute(users["sql"].format(**names()))


def names() -> dict[str, str]:
    """Return what the variant calls the tables: see exercises.toml."""
    from django.contrib.auth import get_user_model

    users = get_user_model()._meta.db_table
    if users != "auth_user":
        return {"users": users, "extras": users, "key": "id", "joined": users}
    joined = "auth_user LEFT JOIN person ON user_id = id"
    return {"users": users, "extras": "person", "key": "user_id", "joined": joined}


def tables(held: postgres.Connection) -> list[str]:
    """Return the names of the tables that answers may have to do with."""
    query = """SELECT tablename FROM pg_tables
               WHERE schemaname = 'public' AND tablename <> ALL (%s) ORDER BY 1"""
    return [name for (name,) in held.execute(query, [KEPT]).fetchall()]


def rows(held: postgres.Connection) -> Rows:
    """Return all rows as they are committed, by the value of the first column, which is the key."""
    found: Rows = {}
    for name in tables(held):
        cursor = held.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))
        columns = [column.name for column in cursor.description or ()]
        found[name] = {row[0]: dict(zip(columns, row, strict=True)) for row in cursor.fetchall()}
    return found


def schema(held: postgres.Connection) -> set[Any]:
    """Return the columns of all tables."""
    query = """SELECT table_name, column_name, data_type, is_nullable
               FROM information_schema.columns WHERE table_schema = 'public'"""
    return set(held.execute(query).fetchall())
