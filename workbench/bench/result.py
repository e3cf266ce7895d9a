"""Results: the recorded one in results/bench.json, that of the last own run in build/."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from workbench import files, recorded
from workbench.errors import WorkbenchError
from workbench.paths import BUILD
from workbench.recorded import Measured

# of a run of your own
FILE = BUILD / "benchmarks.json"
RECORDED = recorded.FOLDER / "bench.json"
# what an interrupted `--record` has measured so far
PART = BUILD / "bench-part.json"
COMMAND = "workbench bench --record"
# what to do if one of these is missing
HINTS = {
    FILE: "make one with `workbench bench --fresh`",
    RECORDED: f"restore it, or run `{COMMAND}`",
}
# the code that is measured, and that measures
SOURCES = (
    "benchmarks/**/*.py",
    "benchmarks/**/*.toml",
    "variants/**/*.py",
    "variants/**/*.html",
    "workbench/bench/inside/*.py",
    "workbench/bench/run.py",
    "workbench/bench/subjects.py",
    "workbench/seed/inside/*.py",
)

# lower quartile, median, upper quartile
Quartiles = list[float]


class Sample(TypedDict):
    """The median of some calls, in microseconds, and how many they were."""

    wall_us: float
    cpu_us: float
    calls: int


class Counts(TypedDict):
    """What one call asks of PostgreSQL."""

    statements: int
    buffers: int
    planning_us: int
    server_us: int
    wal_bytes: int


class Measure(Counts):
    """One operation of one subject in one way, at so many players."""

    operation: str
    subject: str
    way: str
    players: int
    wall_us: Quartiles
    cpu_us: Quartiles
    samples: int


class Loaded(TypedDict):
    """One load: how long it took, and the most bytes that its process had."""

    seconds: float
    memory: int


class Load(TypedDict):
    """So many players loaded in one way; rate: players a second."""

    subject: str
    players: int
    way: str
    seconds: Quartiles
    rate: int
    memory: int
    samples: int


class Hashes(TypedDict):
    """How often an operation of a subject hashes a password, and its CPU in microseconds."""

    subject: str
    operation: str
    hasher: str
    hashes: int
    cpu_us: float


class Size(TypedDict):
    """What a table takes on disk, in bytes for each player."""

    subject: str
    table: str
    players: int
    heap: float
    toast: float
    indexes: dict[str, float]


class Result(Measured):
    """All that a run has measured; sizes: at how many players, 0 first."""

    players: int
    sizes: list[int]
    quick: bool
    seed: int
    pages: str
    measures: list[Measure]
    hashes: list[Hashes]
    loads: list[Load]
    sizes_on_disk: list[Size]


# what one may rely on in a file of an earlier version
MEASURE = {"operation", "subject", "way", "players", "wall_us", "cpu_us", "statements"}
KEYS = {"when", "machine", "versions", "players", "sizes", "quick", "seed", "measures"}


def spread(values: Sequence[float]) -> Quartiles:
    """[lower quartile, median, upper quartile], with four significant digits."""
    if len(values) == 1:
        return [_short(values[0])] * 3
    return [_short(it) for it in statistics.quantiles(values, n=4, method="inclusive")]


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def check_writable(path: Path) -> None:
    """Raise WorkbenchError, before a long run, if its result could not be written there."""
    files.writable(path.parent, "name another file with --output")


def read(path: Path) -> Result:
    """Return a result; raise WorkbenchError if there is none, or if it is something else."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = HINTS.get(path, "name a result that is there")
        raise WorkbenchError(f"{path} cannot be read ({error.strerror}): {hint}.") from error
    except ValueError:
        result = None
    if not is_result(result):
        raise WorkbenchError(f"{path} is no result of `workbench bench`: name one that is.")
    found: Result = result
    return found


def is_outdated(found: Result) -> bool:
    """Return whether the code has changed since the result was measured."""
    return found.get("sources") != recorded.fingerprint(*SOURCES)


def is_result(value: Any) -> bool:
    """Whether it has what a result has."""
    return (
        isinstance(value, dict)
        and value.keys() >= KEYS
        and isinstance(value["measures"], list)
        and all(isinstance(it, dict) and it.keys() >= MEASURE for it in value["measures"])
    )


def find(
    result: Result, operation: str, subject: str, way: str, players: int | None = None
) -> Measure | None:
    """One measure, or None; players: at how many, if not at the most."""
    players = result["players"] if players is None else players
    wanted = (operation, subject, way, players)
    for its in result["measures"]:
        if (its["operation"], its["subject"], its["way"], its["players"]) == wanted:
            return its
    return None


def find_load(result: Result, subject: str, way: str, players: int) -> Load | None:
    """How so many players were loaded in that way, or None."""
    for its in result.get("loads", ()):
        if (its["subject"], its["way"], its["players"]) == (subject, way, players):
            return its
    return None
