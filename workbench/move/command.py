"""The command: a progress bar around the run, the report at its end."""

from collections.abc import Callable, Sequence

from rich.console import Console

from workbench.errors import WorkbenchError
from workbench.move import report as reports
from workbench.move import run, show
from workbench.move.moves import Move
from workbench.move.progress import progress
from workbench.move.report import Check, Report
from workbench.server import databases, postgres


def move(
    console: Console,
    it: Move,
    players: int,
    *,
    rule: str,
    back: bool,
    keep: bool,
    database: str,
    also: Sequence[Callable[[run.Server, str, str], Check]],
    probed: bool,
) -> None:
    """Run the move, show what it did, and write it to build/moves.json.

    Raises WorkbenchError if it is refused, or if something is not as it was.
    """
    if players < 100:
        raise WorkbenchError("Fewer than 100 players leave too little to check: say 100 or more.")
    with postgres.server(large=True) as server, progress() as tell:
        if database:
            report = moved(server, it, database, rule, tell)
        else:
            report = run.move(
                *(server, it, players),
                rule=rule,
                back=back,
                probed=probed,
                also=also,
                tell=tell,
            )
            name = f"move_{it.name}"
            if not keep:
                run.drop(server, name)
    if report is None:
        console.print(f"There is nothing to do: {database} is a {it.target} database already.")
        return
    show.show(console, report)
    if not database:
        reports.write(report)
    if keep:
        console.print(f"The database move_{it.name} is there to look at.")
    if report.wrong:
        raise WorkbenchError(f"{len(report.wrong)} things are not as they were: see above.")


def moved(server: run.Server, it: Move, database: str, rule: str, tell: run.Tell) -> Report | None:
    """Move a database that is there already; None if there is nothing to do."""
    if not databases.exists(server, database):
        raise WorkbenchError(f"There is no database {database}: name one that is there.")
    tell(f"Looking at {database}")
    if not run.check_start(server, it, database, rule):
        return None
    report = Report(it.name, 0, rule)
    try:
        report.rides.append(run.forward(server, it, database, rule, tell, ours=False))
    finally:
        with postgres.connect(server, database) as connection:
            connection.execute("DROP SCHEMA IF EXISTS census CASCADE")
    return report
