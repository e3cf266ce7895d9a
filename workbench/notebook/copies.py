"""Copies of the notebooks for a class: a set for students and one for the instructor."""

from pathlib import Path

import nbformat

from workbench import files
from workbench.errors import WorkbenchError
from workbench.notebook import clean, run

# the tags of cells that only the instructor's set has
INSTRUCTORS = {"instructor", "solution"}


def write(folder: Path) -> list[Path]:
    """Write both sets into a new or empty folder; return their two folders.

    Raises WorkbenchError if there is something in the folder, or it cannot be made.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise WorkbenchError(
            f"{folder} is not empty: name a new folder, because copies overwrite nothing."
        )
    sets = {folder / "students": INSTRUCTORS, folder / "instructor": set()}
    for each, left_out in sets.items():
        files.writable(each, "name another folder")
        for path in run.paths():
            files.write(each / path.name, _copy(path, left_out))
    return list(sets)


def _copy(path: Path, left_out: set[str]) -> str:
    notebook = run.read(path)
    notebook.cells = [cell for cell in notebook.cells if not left_out & set(run.tags(cell))]
    clean.clean(notebook)
    return str(nbformat.writes(notebook)) + "\n"  # type: ignore[no-untyped-call]
