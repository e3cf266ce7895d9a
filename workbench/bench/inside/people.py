"""The players of a benchmark: who they are by number, and loading many of them.

A load is timed in a process of its own.
"""

import importlib
import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from multiprocessing.connection import Connection
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model
from psycopg.rows import tuple_row

from workbench.bench.result import Loaded
from workbench.seed import players as made_up
from workbench.seed.inside import loader
from workbench.seed.inside.loader import stripped

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


# bytes in one unit of getrusage(2)
UNIT = 1 if sys.platform == "darwin" else 1024


def timed_load(way: str, floor: str, number: int) -> Loaded:
    """Load the players of a seed into the database that Django's settings name.

    way: `roster` is the variant's own add_many(), `seed` the loader of `workbench seed`, and `sql`
    COPY by hand (`load` in the module `floor`) while the tables have no indexes. The time includes
    making the players, one by one. Return `seconds` and `memory`, the most bytes that the process
    had. The process is a fork, so it has no memory of earlier loads. Raise ValueError if it fails.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=timed, args=(there, way, floor, number))
    process.start()
    there.close()
    try:
        told = here.recv()
    except EOFError:
        told = {"error": "its process ended"}
    process.join()
    if "error" in told:
        raise ValueError(f"loading by {way}: {told['error']}")
    loaded: Loaded = told
    return loaded


def timed(answer: Connection, way: str, floor: str, number: int) -> None:
    """In the process of its own: load, and answer what it took."""
    try:
        act = ready(way, floor, number)
        began = time.perf_counter()
        act()
        seconds = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
        answer.send({"seconds": seconds, "memory": memory})
    except Exception as error:
        answer.send({"error": f"{type(error).__name__}: {error}"})


def ready(way: str, floor: str, number: int) -> Callable[[], Any]:
    """Connect, and return the load as a function."""
    rows = made_up.players(number, extras=place_of_extras() is not None)
    if way == "sql":
        by_hand = importlib.import_module(floor).load
        raw = importlib.import_module("benchmarks.floor.common").connect(
            connection.settings_dict["NAME"]
        )
        return lambda: without_indexes(raw, lambda: by_hand(raw, rows))
    connection.ensure_connection()
    if way == "seed":
        return lambda: loader.load(rows)
    return lambda: importlib.import_module("players.roster").add_many(rows)


def without_indexes(raw: Any, load: Callable[[], Any]) -> None:
    """Load in one transaction, in which the tables have no indexes until the end."""
    cursor = raw.cursor(row_factory=tuple_row)
    with raw.transaction(), stripped(cursor, tables()):
        load()
