"""The notebooks with their outputs, run anew only when something that they rest on has changed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workbench.compare import answers
from workbench.notebook import run as running
from workbench.paths import PROJECT

FOLDER = PROJECT / "build" / "notebooks"
RESTS_ON = ("notebooks", "variants", "workbench/notebook", "workbench/inside")


def executed(*, fresh: bool = False) -> dict[str, NotebookNode]:
    """The notebooks by name, run first if their outputs are missing, old, or `fresh`.

    Raises WorkbenchError, naming the cell, if a cell does not end as it should.
    """
    paths = running.paths()
    kept = [FOLDER / path.name for path in paths]
    if not fresh and _is_current(kept):
        return {path.stem: running.read(path) for path in kept}
    with _progress() as progress:
        found = running.run(paths, progress)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, notebook in found.items():
        nbformat.write(notebook, FOLDER / f"{name}.ipynb")  # type: ignore[no-untyped-call]
    return found


def _is_current(kept: list[Path]) -> bool:
    if not all(path.exists() for path in kept):
        return False
    newest = max(path.stat().st_mtime for path in _rests_on())
    return min(path.stat().st_mtime for path in kept) > newest


def _rests_on() -> Iterator[Path]:
    yield answers.FILE
    yield PROJECT / "requirements.lock"
    for folder in RESTS_ON:
        for path in (PROJECT / folder).rglob("*"):
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
                yield path


@contextlib.contextmanager
def _progress() -> Iterator[running.Progress]:
    """A bar for each notebook, in cells."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
        tasks = {path.stem: bars.add_task(path.stem, total=None) for path in running.paths()}
        yield lambda name, done, of: bars.update(tasks[name], completed=done, total=of)
