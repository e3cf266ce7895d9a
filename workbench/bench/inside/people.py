"""The players of a benchmark: who they are by number, and a database full of them."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model

from workbench.seed.inside import loader

PASSWORD = "roll-for-initiative"
# whoever is added while measuring is called so, to be found again
NEW = "new"

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
    model = loader.models()[-1]
    return model if loader.has_extra_fields(model) else None


def tables() -> list[str]:
    """The table of users, and that of the extras if it is another."""
    return [model._meta.db_table for model in loader.models()]


def fill(players: int) -> None:
    """Put so many players into the empty database.

    PostgreSQL then gathers its statistics, has nothing left to write, and keeps in memory what it
    has room for, as on a site that has been in use.
    """
    loader.load(everybody(players), PASSWORD)
    users, *people = tables()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
        cursor.execute("SET enable_seqscan = off; SET enable_sort = off")
        cursor.execute(f"SELECT max(email) FROM (SELECT * FROM {users} ORDER BY username) AS them")
        for table in people:
            cursor.execute(
                f"SELECT max(zoom_id) FROM (SELECT * FROM {table} ORDER BY user_id) AS it"
            )
        cursor.execute("RESET enable_seqscan; RESET enable_sort")


def everybody(players: int) -> Iterator[dict[str, Any]]:
    """Yield the players as rows, in random order, because people do not register by alphabet."""
    for number in random.Random(0).sample(range(1, players + 1), players):
        yield {"username": name(number)} | details(number)


def remove_new() -> None:
    """Remove whoever was added while measuring, with all that is theirs."""
    get_user_model()._default_manager.filter(username__startswith=NEW).delete()
