"""The result of a run: build/benchmarks.json, and what it was measured on."""

import importlib.metadata
import json
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import psutil  # type: ignore[import-untyped]

from workbench import files
from workbench.errors import WorkbenchError
from workbench.paths import BUILD
from workbench.server import postgres

FILE = BUILD / "benchmarks.json"

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


class Machine(TypedDict):
    """The processor, its cores, the memory in bytes, the operating system."""

    cpu: str
    cores: int
    memory: int
    system: str


class Result(TypedDict):
    """All that a run has measured; sizes: at how many players, 0 first."""

    when: str
    machine: Machine
    versions: dict[str, str]
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


def machine() -> Machine:
    """The processor, its cores and the memory, in bytes."""
    return {
        "cpu": _cpu(),
        "cores": psutil.cpu_count(),
        "memory": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release()}",
    }


def _cpu() -> str:
    """The processor's name as the system has it (Linux: proc(5), macOS: sysctl(3))."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(it.partition(":")[2].strip() for it in lines if it.startswith("model name"))
    except (OSError, StopIteration):
        pass
    try:
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return platform.processor() or platform.machine()


def versions(server: Mapping[str, str]) -> dict[str, str]:
    """Of Python, Django, psycopg and PostgreSQL, and the memory in which that keeps pages."""
    with postgres.connect(server, "postgres") as connection:
        number = connection.info.server_version
        (buffers,) = connection.execute("SHOW shared_buffers").fetchone() or ("",)
    return {
        "python": platform.python_version(),
        "django": importlib.metadata.version("django"),
        "psycopg": importlib.metadata.version("psycopg"),
        "postgresql": f"{number // 10000}.{number % 10000}",
        "shared_buffers": str(buffers),
    }


def check_writable(path: Path) -> None:
    """Raise WorkbenchError, before a long run, if its result could not be written there."""
    files.writable(path.parent, "name another file with --output")


def read(path: Path = FILE) -> Result:
    """A result; raises WorkbenchError if there is none, or if it is something else."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "make one with `workbench bench`" if path == FILE else "name a result that is there"
        raise WorkbenchError(f"{path} cannot be read ({error.strerror}): {hint}.") from error
    except ValueError:
        result = None
    if not is_result(result):
        raise WorkbenchError(f"{path} is no result of `workbench bench`: name one that is.")
    found: Result = result
    return found


def last(path: Path = FILE) -> Result | None:
    """The last result, or None if nothing was measured here yet."""
    return read(path) if path.exists() else None


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
