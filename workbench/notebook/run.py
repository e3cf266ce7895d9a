"""Running whole notebooks that have changed, each in a kernel of its own."""

import asyncio
import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from rich.progress import MofNCompleteColumn
from traitlets.config import Config

from workbench import files, progress
from workbench.compare import results
from workbench.errors import WorkbenchError
from workbench.notebook.predictions import UNPREDICTED
from workbench.paths import BUILD, PROJECT

FOLDER = PROJECT / "notebooks"
# the notebooks with their outputs
EXECUTED = BUILD / "notebooks"
# what Jupyter keeps for itself
HOME = BUILD / "jupyter"
# seconds that one cell may take
PATIENCE = 120
FAILS = "raises-exception"
FOLD = re.compile(r"</?(?:details|summary)\b")

Tell = Callable[[str, int, int], None]


def paths() -> list[Path]:
    """The notebooks, in the order in which they are taught."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    """The notebook in a file."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def executed(*, fresh: bool = False) -> dict[str, NotebookNode]:
    """Return the notebooks by name with their outputs, which are kept in build/notebooks/.

    They are run first if that is missing, older than what they rest on, or `fresh`. Raises
    WorkbenchError, naming the cell, if a cell does not end as it should.
    """
    kept = [EXECUTED / path.name for path in paths()]
    if not fresh and files.are_current(kept, rest_on()):
        return {path.stem: read(path) for path in kept}
    with progress.bars(MofNCompleteColumn()) as bars:
        tasks = {path.stem: bars.add_task(path.stem, total=None) for path in paths()}
        found = run(
            paths(), lambda name, done, of: bars.update(tasks[name], completed=done, total=of)
        )
    for name, notebook in found.items():
        _only_answers(notebook)
        files.write(EXECUTED / f"{name}.ipynb", nbformat.writes(notebook))  # type: ignore[no-untyped-call]
    return found


def _only_answers(notebook: NotebookNode) -> None:
    """Remove the remark that no prediction was made: readers of the answers do not need it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            for kind in ("text/markdown", "text/plain"):
                if kind in output.get("data", {}):
                    output.data[kind] = output.data[kind].replace(UNPREDICTED, "")


def rest_on() -> Iterable[Path]:
    """Yield the files on which the outputs depend."""
    yield results.FILE
    yield from files.sources(
        "requirements.lock",
        "notebooks/*.ipynb",
        "variants/**/*",
        "workbench/inside/*.py",
        "workbench/notebook/**/*.py",
    )


def run(
    notebooks: Iterable[Path], tell: Tell = lambda name, done, of: None
) -> dict[str, NotebookNode]:
    """The notebooks with their outputs, by name without suffix.

    tell is told a notebook's name, how many of its cells are done, and how many there are.
    Raises WorkbenchError, naming the cell, if one fails that should not, or one does not fail
    that is tagged to.
    """
    loaded = {path.stem: read(path) for path in notebooks}
    # the caller may have an event loop of its own
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _all(loaded, tell)).result()
    for name, notebook in loaded.items():
        _check_failures(name, notebook)
    return loaded


async def _all(loaded: dict[str, NotebookNode], tell: Tell) -> None:
    """Run them; when one fails the others are let end, so that no kernel is left behind."""
    ended = await asyncio.gather(
        *(_one(name, notebook, tell) for name, notebook in loaded.items()),
        return_exceptions=True,
    )
    for error in ended:
        if error is not None:
            raise error


async def _one(name: str, notebook: NotebookNode, tell: Tell) -> None:
    cells = len(notebook.cells)
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(FOLDER)}},
        config=Config({"KernelManager": {"shutdown_wait_time": PATIENCE}}),
        on_cell_complete=lambda cell, cell_index: tell(name, cell_index + 1, cells),
    )
    try:
        await client.async_execute(env=environment())
        tell(name, cells, cells)
    except CellExecutionError as error:
        said = f"{error.ename}: {error.evalue}".splitlines()[0].rstrip(".")
        raise WorkbenchError(
            f"{name}.ipynb: the cell `{_failed(notebook)}` fails ({said}), and is not tagged to."
        ) from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise WorkbenchError(f"{name}.ipynb: {str(error).splitlines()[0]}") from error


def environment() -> dict[str, str]:
    """A kernel's environment: nothing is read from the user's home, or written there."""
    folders = {
        "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
    }
    return dict(os.environ) | {name: str(HOME / folder) for name, folder in folders.items()}


def fails(cell: NotebookNode) -> bool:
    """Whether a cell has ended in an error."""
    return any(output.output_type == "error" for output in cell.get("outputs", ()))


def tags(cell: NotebookNode) -> list[str]:
    """The cell's tags."""
    return list(cell.metadata.get("tags", ()))


def _failed(notebook: NotebookNode) -> str:
    failing = [cell for cell in notebook.cells if fails(cell) and FAILS not in tags(cell)]
    return _short(failing[0]) if failing else "?"


def _check_failures(name: str, notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if FAILS in tags(cell) and not fails(cell):
            raise WorkbenchError(
                f"{name}.ipynb: the cell `{_short(cell)}` does not fail, and is tagged to."
            )


def _short(cell: NotebookNode) -> str:
    return str(cell.source).strip().splitlines()[-1][:70]


def note(cell: NotebookNode) -> str:
    """What an instructor's cell says, without what folds it away."""
    lines = str(cell.source).splitlines()
    return "\n".join(line for line in lines if not FOLD.match(line)).strip()
