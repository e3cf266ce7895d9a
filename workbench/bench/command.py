"""The command: a progress bar around the run, the tables at its end."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from workbench.bench import changes, result, show
from workbench.bench.plan import Plan, check_room, plan
from workbench.bench.run import Bench
from workbench.bench.subjects import all_subjects
from workbench.server import postgres


def bench(
    console: Console, players: int | None, *, quick: bool, seed: int, output: Path = result.FILE
) -> None:
    """Measure, print what matters, and write the result, usually build/benchmarks.json.

    Raises WorkbenchError, before anything is made, if that cannot be done.
    """
    how = plan(players, quick=quick)
    subjects = all_subjects()
    check_room(how.players, len(subjects))
    result.check_writable(output)
    found = measured(how, seed)
    result.write(found, output)
    show.show(console, found)
    console.print(f"All of it: {output}. `--compare FILE` judges a change.", soft_wrap=True)


def measured(how: Plan, seed: int) -> result.Result:
    """The result of a run, which shows on stderr how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Console(stderr=True)
    with (
        postgres.server(large=True) as server,
        Progress(*columns, console=bar, disable=not bar.is_terminal) as progress,
    ):
        task = progress.add_task("Starting", total=1.0)

        def tell(doing: str, part: float) -> None:
            progress.update(task, description=doing, completed=part)

        return Bench(server, all_subjects(), how, seed, tell).run()


def compare(console: Console, earlier: Path, output: Path = result.FILE) -> None:
    """Say what changed from an earlier result to the last one; nothing is measured."""
    before, after = result.read(earlier), result.read(output)
    changes.show(console, before, after)
