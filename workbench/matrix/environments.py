"""An environment for each Django: which Python it needs, and the locked packages of the suite."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import fasteners  # type: ignore[import-untyped]

from workbench import files
from workbench.errors import WorkbenchError
from workbench.paths import BUILD, PROJECT

HERE = Path(__file__).parent
FOLDER = BUILD / "matrix"
MAIN_LOCK = PROJECT / "requirements.lock"


@dataclass(frozen=True)
class Environment:
    """A Django, such as "6.1", and the oldest Python that it runs on, such as "3.12"."""

    django: str
    python: str

    @property
    def lock(self) -> Path:
        """The file with the locked packages: the main environment's is requirements.lock."""
        its = HERE / f"django-{self.django}.lock"
        return its if its.exists() else PROJECT / "requirements.lock"

    @property
    def folder(self) -> Path:
        """The virtual environment."""
        return FOLDER / f"django-{self.django}"

    @property
    def answers(self) -> Path:
        """The file with the answers of its last run."""
        return FOLDER / f"django-{self.django}.json"

    @property
    def to_record(self) -> Path:
        """The file with its answers while the others are still to be recorded."""
        return FOLDER / f"django-{self.django}-to-record.json"


def environments() -> list[Environment]:
    """Return all supported environments, oldest first; the first is the main one."""
    entries = tomllib.loads((HERE / "versions.toml").read_text(encoding="utf-8"))
    return [Environment(django, entry["python"]) for django, entry in entries.items()]


def ready(environment: Environment, *, whole: bool = False) -> list[str]:
    """Return the command of the environment's Python; make the environment if need be.

    whole: with all that the tests of the workbench need, not only the suite. The Django of this
    process needs no other environment. Raises WorkbenchError if there is no Python that is new
    enough, or if the packages cannot be installed.
    """
    if metadata.version("Django").startswith(f"{environment.django}."):
        return [sys.executable]
    folder, locks = environment.folder, [environment.lock]
    if whole:
        # of the main environment's packages, the lock of this one replaces Django
        folder, locks = folder.with_name(f"{folder.name}-whole"), [MAIN_LOCK, *locks]
    with fasteners.InterProcessLock(files.writable(FOLDER) / f"{folder.name}.lock"):
        return [str(made(environment, folder, locks))]


def made(environment: Environment, folder: Path, locks: list[Path]) -> Path:
    """Return the folder's Python; make it anew if its packages are not those of the locks."""
    python = folder / "bin" / "python"
    installed = folder / "installed.lock"
    wanted = "".join(lock.read_text(encoding="utf-8") for lock in locks)
    if not python.exists() or not installed.exists() or installed.read_text() != wanted:
        uv("venv", "--quiet", "--clear", "--python", find_python(environment), str(folder))
        install = ("pip", "install", "--quiet", "--no-deps", "--require-hashes")
        for lock in locks:
            uv(*install, "--python", str(python), "-r", str(lock))
        installed.write_text(wanted)
    return python


def uv(*arguments: str) -> None:
    """Run uv; raise WorkbenchError with what it says if it fails."""
    # it would take the virtual environment of this process for its own
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it says nothing"]
        raise WorkbenchError(f"uv {arguments[0]} failed: {' '.join(said[-3:])}")


def find_python(environment: Environment) -> str:
    """Return the path of a Python that is new enough for this Django.

    Raises WorkbenchError with the ways to get one if there is none.
    """
    oldest = tuple(int(part) for part in environment.python.split("."))
    for candidate in candidates():
        if version(candidate) >= oldest:
            return candidate
    raise WorkbenchError(
        f"Django {environment.django} needs Python {environment.python} or newer, and none was "
        f"found: install one with `uv python install {environment.python}`, pyenv or your system."
    )


def candidates() -> Iterator[str]:
    """Yield the Pythons of this machine: our own, those on PATH, pyenv's and uv's."""
    yield sys.executable
    for minor in range(20, 10, -1):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(map(str, pyenv.glob("versions/3.*/bin/python")), reverse=True)
    managed = subprocess.run(
        [sys.executable, "-m", "uv", "python", "find", "--managed-python"],
        capture_output=True,
        text=True,
    )
    if managed.returncode == 0:
        yield managed.stdout.strip()


def version(python: str) -> tuple[int, ...]:
    """Return the version of an interpreter, such as (3, 12), or () if it does not run."""
    try:
        told = subprocess.run([python, "--version"], capture_output=True, text=True).stdout
    except OSError:
        told = ""
    found = re.match(r"Python (\d+)\.(\d+)", told)
    return (int(found[1]), int(found[2])) if found else ()


if __name__ == "__main__":  # for `make lock`, which makes the locks of all but the main one
    for each in environments()[1:]:
        print(each.django, each.python)
