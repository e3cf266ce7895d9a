"""A progress bar on stderr, with a line for each step of a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from workbench.move.run import Tell


@contextmanager
def progress() -> Iterator[Tell]:
    """Give what is to be told of each step that begins; the bar stays for the block."""
    bar = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=bar, disable=not bar.is_terminal) as shown:
        current = shown.add_task("Starting", total=1)

        def tell(step: str) -> None:
            nonlocal current
            shown.update(current, completed=1)
            current = shown.add_task(step, total=1)

        yield tell
        shown.update(current, completed=1)
