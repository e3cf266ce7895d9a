"""Loading many players into empty tables, each time in a process of its own that is timed."""

import importlib
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any

from django.db import connection

from workbench.bench.inside import people
from workbench.seed.players import Player, players

# bytes in one unit of getrusage(2)
UNIT = 1 if sys.platform == "darwin" else 1024


def load(way: str, floor: str, number: int, files: dict[str, str]) -> dict[str, Any]:
    """Load the players of a seed into the database that Django's settings name.

    way: `roster`, the variant's own add_many; `sql`, the floor by hand; `lines`, the floor with
    rows that lie ready in files, {table: path}. In each the players are made meanwhile, one by
    one, so that nobody has them for nothing. Returns `seconds`, of these `making` in which they
    were made where that can be told apart, and `memory`: the most bytes that the process had. It
    is a fork of this one, and so has no memory of what was measured before. Raises ValueError if
    it fails.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=timed, args=(there, way, floor, number, files))
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


def timed(answer: Connection, way: str, floor: str, number: int, files: dict[str, str]) -> None:
    """In the process of its own: load, and answer what it took."""
    try:
        act = ready(way, floor, number, files)
        began = time.perf_counter()
        told = act()
        seconds = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
        its = {"making": told} if way == "lines" else {}
        answer.send({"seconds": seconds, "memory": memory} | its)
    except Exception as error:
        answer.send({"error": f"{type(error).__name__}: {error}"})


def ready(way: str, floor: str, number: int, files: dict[str, str]) -> Callable[[], Any]:
    """The load with all that it needs; it connects beforehand."""
    rows = players(number, extras=people.place_of_extras() is not None)
    if way == "roster":
        connection.ensure_connection()
        roster = importlib.import_module("players.roster")
        return lambda: roster.add_many(rows)
    raw = connect()
    if way == "lines":
        return lambda: add_lines(raw, rows, files)
    return lambda: importlib.import_module(floor).load(raw, rows)


def add_lines(raw: Any, rows: Iterable[Player], files: dict[str, str]) -> float:
    """Make the players, and add the lines that were made of them before; seconds of the first."""
    began = time.perf_counter()
    for _ in rows:
        pass
    making = time.perf_counter() - began
    importlib.import_module("benchmarks.floor.loading").add_lines(raw, files)
    return making


def write_lines(files: dict[str, str]) -> None:
    """Write the rows that were loaded into files, {table: path}."""
    loading = importlib.import_module("benchmarks.floor.loading")
    with connect() as raw:
        loading.lines(raw, files)


def connect() -> Any:
    """A connection of the floor to the database that Django's settings name."""
    common = importlib.import_module("benchmarks.floor.common")
    return common.connect(connection.settings_dict["NAME"])
