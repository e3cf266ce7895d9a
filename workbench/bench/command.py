"""`workbench bench`: the run with a progress bar, the tables at its end, or a comparison of two."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbench import files, progress
from workbench.bench import changes, result, show
from workbench.bench.run import Bench, check_room, plan
from workbench.bench.subjects import all_subjects
from workbench.server import postgres


def bench(
    players: Annotated[
        int | None,
        typer.Option(help="Measured at so many and at fewer; 1,000,000 if not said."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="At 10,000 players if not said, in few rounds.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Chooses the users of the operations.")] = 1,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Measure nothing: compare the last result with an earlier one, which you kept.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Where the last result is, or is written.",
            show_default="build/benchmarks.json",
        ),
    ] = result.FILE,
) -> None:
    """Measure what the four cost at many players, beside the same by SQL and beside peers.

    Example: workbench bench --quick
    """
    if compare:
        changes.show(Console(), result.read(compare), result.read(output))
    else:
        measure(Console(), players, quick=quick, seed=seed, output=output)


def measure(console: Console, players: int | None, *, quick: bool, seed: int, output: Path) -> None:
    """Measure, print what matters, and write the result.

    Raises WorkbenchError, before anything is made, if that cannot be done.
    """
    how = plan(players, quick=quick)
    subjects = all_subjects()
    check_room(how.players, len({subject.name for subject in subjects}))
    result.check_writable(output)
    with postgres.server(large=True) as server, progress.bar("Starting") as tell:
        found = Bench(server, subjects, how, seed, tell).run()
    files.write_json(output, found)
    show.show(console, found)
    console.print(f"All of it: {output}. `--compare FILE` judges a change.", soft_wrap=True)
