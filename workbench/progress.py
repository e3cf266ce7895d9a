"""Progress bars on stderr, which a terminal shows and a file or a pipe does not get."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

Tell = Callable[[str, float], None]


@contextmanager
def bars(*columns: ProgressColumn) -> Iterator[Progress]:
    """Yield an empty Progress; its tasks have a description, a bar, these columns and the time."""
    console = Console(stderr=True)
    ours = (TextColumn("{task.description}"), BarColumn(), *columns, TimeElapsedColumn())
    with Progress(*ours, console=console, disable=not console.is_terminal) as progress:
        yield progress


@contextmanager
def bar(description: str) -> Iterator[Tell]:
    """Yield a function that takes what is being done now, and which part of it is done (0 to 1)."""
    with bars() as progress:
        task = progress.add_task(description, total=1.0)

        def tell(doing: str, part: float) -> None:
            progress.update(task, description=doing, completed=part)

        yield tell


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Yield a function that takes the name of each step that begins; each gets a line."""
    with bars() as progress:

        def tell(step: str) -> None:
            for task in progress.task_ids[-1:]:
                progress.update(task, total=1, completed=1)
            if step:
                progress.add_task(step, total=None)

        yield tell
        tell("")
