"""Loading many players into empty tables, each time in a process of its own that is timed."""

import importlib
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from django.db import connection
from psycopg.rows import tuple_row

from workbench.bench.inside import people
from workbench.seed.inside import loader
from workbench.seed.inside.strip import stripped
from workbench.seed.players import players

# bytes in one unit of getrusage(2)
UNIT = 1 if sys.platform == "darwin" else 1024


def load(way: str, floor: str, number: int) -> dict[str, Any]:
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
        told: dict[str, Any] = here.recv()
    except EOFError:
        told = {"error": "its process ended"}
    process.join()
    if "error" in told:
        raise ValueError(f"loading by {way}: {told['error']}")
    return told


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
    rows = players(number, extras=people.place_of_extras() is not None)
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
    with raw.transaction(), stripped(cursor, people.tables()):
        load()
