"""What comes with the clone in `results/`: where it was measured, and whether the code is newer."""

import hashlib
import importlib.metadata
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import psutil  # type: ignore[import-untyped]

from workbench import files
from workbench.paths import PROJECT
from workbench.server import postgres

FOLDER = PROJECT / "results"


class Machine(TypedDict):
    """The processor, its cores, the memory in bytes, the operating system."""

    cpu: str
    cores: int
    memory: int
    system: str


class Measured(TypedDict):
    """When and where something was measured; sources: the fingerprint of the code that ran."""

    when: str
    machine: Machine
    versions: dict[str, str]
    command: str
    sources: str


def fingerprint(*patterns: str) -> str:
    """Return a hash of the files that match the patterns, without comments and indentation.

    Raises ValueError if a pattern matches no file.
    """
    found = hashlib.sha256()
    for path in sorted(files.sources(*patterns)):
        found.update(path.relative_to(PROJECT).as_posix().encode())
        for line in path.read_text(encoding="utf-8").splitlines():
            if (code := line.strip()) and not code.startswith("#"):
                found.update(code.encode())
    return found.hexdigest()


def machine() -> Machine:
    """Return the machine that this runs on; memory in bytes."""
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
    """Return the versions of Python, Django, psycopg and PostgreSQL, and its shared_buffers."""
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


def provenance(measured: Measured) -> str:
    """Return the day, the machine and the versions, in one line."""
    machine, versions = measured["machine"], measured["versions"]
    return (
        f"{measured['when'][:10]}, {machine['cores']} cores of {machine['cpu']}, "
        f"{machine['memory'] / 2**30:.0f} GB, PostgreSQL {versions['postgresql']} "
        f"(shared_buffers {versions.get('shared_buffers', 'not noted')}), "
        f"Django {versions['django']}, psycopg {versions['psycopg']}, Python {versions['python']}"
    )
