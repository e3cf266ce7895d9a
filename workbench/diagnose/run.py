"""Running diagnose.py in the Python of the project that it diagnoses."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError

SCRIPT = Path(__file__).parent / "inside" / "diagnose.py"
ENVIRONMENTS = (".venv", "venv", "env", ".env")
# seconds until a project that does not load is given up
PATIENCE = 90


def read(path: Path, settings: str = "", python: str = "", database: bool = True) -> dict[str, Any]:
    """Return what diagnose.py reads of a project: {"read", "facts", "findings", "notes"}.

    path: the project's folder, or its manage.py. settings: instead of those that manage.py names.
    python: the interpreter of the project. database: if not, only the code is read.
    Raises WorkbenchError with the sentence of what stopped it.
    """
    if not path.exists():
        raise WorkbenchError(f"{path} does not exist: name the folder with your manage.py.")
    command = [python or find_python(path), str(SCRIPT), str(path.resolve())]
    command += ["--settings", settings] * bool(settings) + ["--no-database"] * (not database)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            env=environment(),
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise WorkbenchError(
            f"{command[0]} cannot be run ({error.strerror}): name the project's Python with "
            "--python."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise WorkbenchError(
            f"The project did not load within {PATIENCE} seconds: see whether its own "
            "`manage.py check` ends."
        ) from error
    said = done.stderr.strip().splitlines() or ["it said nothing"]
    if done.returncode == 2:
        raise WorkbenchError(said[-1])
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise WorkbenchError(
            f"The diagnosis ended with code {done.returncode} ({said[-1]}): please report it, and "
            "add --no-database to read only the code."
        ) from error
    found["read"]["interpreter"] = command[0]
    return found


def find_python(path: Path) -> str:
    """Return the Python of the virtual environment of the project, or else the active one.

    The environment lies in the project's folder or in one above it, under a usual name.
    """
    folder = path if path.is_dir() else path.parent
    for above in (folder.resolve(), *folder.resolve().parents):
        for name in ENVIRONMENTS:
            for python in (above / name / "bin" / "python", above / name / "Scripts/python.exe"):
                if python.is_file():
                    return str(python)
        if (above / ".git").exists():
            break
    active = Path(os.environ.get("VIRTUAL_ENV", sys.prefix)) / "bin" / "python"
    return str(active) if active.is_file() else sys.executable


def environment() -> dict[str, str]:
    """Return this process's environment, without what belongs to the workbench's own Python."""
    left_out = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {key: value for key, value in os.environ.items() if key not in left_out}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
