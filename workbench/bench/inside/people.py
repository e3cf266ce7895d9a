"""The players of a benchmark: who they are by number, and a database full of them."""

from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import Model

from workbench.bench.inside.bare import stripped

EXTRAS = ("birthdate", "discord_id", "zoom_id")
PASSWORD = "roll-for-initiative"
# whoever is added while measuring is called so, to be found again
NEW = "new"

# in an order of their own, as people do not register by the alphabet
MIXED = "(SELECT i FROM generate_series(1, %s) AS i ORDER BY md5(i::text)) AS them"
BY_SQL = {
    "birthdate": "date '1950-01-01' + i * 13 %% 24000",
    "discord_id": "(300000000000000000 + i::bigint * 7919)::text",
    "zoom_id": "(9000000000 + i::bigint * 7919)::text",
}
FIRST_BIRTHDATE = date(1950, 1, 1)


def name(number: int) -> str:
    """The username of the player of that number, from 1."""
    return f"player{number:07}"


def details(number: int) -> dict[str, Any]:
    """What this player gave besides their name."""
    return {
        "email": f"player{number}@example.com",
        "birthdate": FIRST_BIRTHDATE + timedelta(days=13 * number % 24_000),
        "discord_id": str(300_000_000_000_000_000 + 7_919 * number),
        "zoom_id": str(9_000_000_000 + 7_919 * number),
    }


def place_of_extras() -> type[Model] | None:
    """The model whose rows hold the extras, or None if there is none."""
    for model in apps.get_app_config("players").get_models():
        if {field.name for field in model._meta.concrete_fields}.issuperset(EXTRAS):
            return model
    return None


def tables() -> list[str]:
    """The table of users, and that of the extras if it is another."""
    place = place_of_extras()
    models = [get_user_model(), *([place] if place else [])]
    return list(dict.fromkeys(model._meta.db_table for model in models))


def fill(players: int) -> None:
    """Put so many players into the empty database, in the way that is quickest for every subject.

    PostgreSQL then gathers its statistics, has nothing left to write, and keeps in memory what it
    has room for, as on a site that has been in use.
    """
    users, *people = tables()
    with connection.cursor() as cursor:
        own = place_of_extras() is get_user_model()
        with stripped([users, *people]):
            cursor.execute(user_rows(users, own), [make_password(PASSWORD), players])
            for table in people:
                cursor.execute(people_rows(table, users))
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
        cursor.execute("SET enable_seqscan = off; SET enable_sort = off")
        cursor.execute(f"SELECT max(email) FROM (SELECT * FROM {users} ORDER BY username) AS them")
        for table in people:
            cursor.execute(
                f"SELECT max(zoom_id) FROM (SELECT * FROM {table} ORDER BY user_id) AS it"
            )
        cursor.execute("RESET enable_seqscan; RESET enable_sort")


def user_rows(users: str, own: bool) -> str:
    """The INSERT of the users, with the extras if these are columns of their own table."""
    columns = "".join(f", {extra}" for extra in EXTRAS) if own else ""
    values = "".join(f", {BY_SQL[extra]}" for extra in EXTRAS) if own else ""
    return f"""
        INSERT INTO {users} (username, email, password, first_name, last_name, is_staff,
            is_superuser, is_active, date_joined{columns})
        SELECT 'player' || lpad(i::text, 7, '0'), 'player' || i || '@example.com', %s,
            '', '', false, false, true, now(){values}
        FROM {MIXED}"""


def people_rows(people: str, users: str) -> str:
    """The INSERT of the extras into a table of their own, one row for each user."""
    values = ", ".join(BY_SQL[extra].replace("%%", "%") for extra in EXTRAS)
    return f"""
        INSERT INTO {people} (user_id, {", ".join(EXTRAS)})
        SELECT id, {values}
        FROM (SELECT id, substr(username, 7)::int AS i FROM {users} ORDER BY id) AS them"""


def remove_new() -> None:
    """Remove whoever was added while measuring, with all that is theirs."""
    get_user_model()._default_manager.filter(username__startswith=NEW).delete()
