"""`workbench bench`: shows the recorded result, measures here, or compares two results."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbench import files, progress
from workbench.bench import changes, result, show
from workbench.bench.result import Result
from workbench.bench.run import Bench, check_room, plan
from workbench.bench.subjects import all_subjects
from workbench.errors import WorkbenchError
from workbench.server import postgres


def bench(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure here, even if the options say nothing else.")
    ] = False,
    players: Annotated[
        int | None,
        typer.Option(help="Measure here, at this many users and at fewer; 1,000,000 if not said."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Measure here at 10,000 users, in few rounds.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Chooses which users the operations read.")] = 1,
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help="Measure here, and write the result to results/. An interrupted run goes on; a "
            "result of the present code is kept, unless you add --fresh.",
        ),
    ] = False,
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
            help="Where the result of your own run is written, or read by --compare.",
            show_default="build/benchmarks.json",
        ),
    ] = result.FILE,
) -> None:
    """Show what each approach costs with a million users, beside the same operations in SQL.

    Without options it shows the recorded result. Any option of a run measures here instead.

    Example: workbench bench --quick
    """
    console = Console()
    of_a_run = (players, quick, seed, output) != (None, False, 1, result.FILE)
    if compare:
        changes.show(console, result.read(compare), result.read(output))
    elif record:
        if of_a_run:
            raise WorkbenchError("The recorded run has fixed options: leave out all but --fresh.")
        measure_and_record(console, fresh=fresh)
    elif fresh or of_a_run:
        measure(console, players, quick=quick, seed=seed, output=output)
    else:
        show.show(console, result.read(result.RECORDED))


def measure(console: Console, players: int | None, *, quick: bool, seed: int, output: Path) -> None:
    """Measure, print what matters, and write the result.

    Raises WorkbenchError, before anything is made, if that cannot be done.
    """
    how = plan(players, quick=quick)
    subjects = all_subjects()
    check_room(how.players, len({subject.name for subject in subjects}))
    result.check_writable(output)
    with postgres.server(large=True) as server, progress.bar("Starting") as tell:
        run = Bench(server, subjects, how, seed, tell)
        run.run()
        found = run.result("workbench bench")
    files.write_rows(output, found)
    show.show(console, found)
    console.print(f"All of it: {output}. `--compare FILE` judges a change.", soft_wrap=True)


def measure_and_record(console: Console, *, fresh: bool) -> None:
    """Measure at a million users, and write results/bench.json.

    A result of the present code and versions is kept, unless fresh. After each number of users the
    result so far is saved, and the next run on the same machine goes on from there.
    """
    how = plan(None, quick=False)
    subjects = all_subjects()
    check_room(how.players, len({subject.name for subject in subjects}))
    with postgres.server(large=True) as server, progress.bar("Starting") as tell:
        run = Bench(server, subjects, how, 1, tell)
        begun = run.result(result.COMMAND)
        if not fresh and is_like(begun, result.RECORDED, MUST_MATCH):
            console.print("results/bench.json is of this code: nothing to do. See --fresh.")
            return
        if not fresh and is_like(begun, result.PART, (*MUST_MATCH, "machine")):
            run.go_on(result.read(result.PART))

        def found() -> Result:
            # of the code that was there when it began
            return {**run.result(result.COMMAND), "sources": begun["sources"]}

        run.run(lambda: files.write_rows(result.PART, found()))
        files.write_rows(result.RECORDED, found())
    result.PART.unlink(missing_ok=True)
    show.show(console, result.read(result.RECORDED))
    console.print("The result is recorded in results/bench.json.")


# what must be the same for a result to be kept
MUST_MATCH = ("sources", "versions", "players", "quick", "seed")


def is_like(begun: Result, path: Path, keys: tuple[str, ...]) -> bool:
    """Return whether there is a result that has the same under these keys."""
    if not path.exists():
        return False
    found = result.read(path)
    return all(found.get(key) == begun.get(key) for key in keys)
