"""`workbench move --staged`: a progress bar around the staged run, the report at its end."""

from rich.console import Console
from rich.table import Table

from workbench.errors import WorkbenchError
from workbench.move import report, run, staged
from workbench.move.moves import Move
from workbench.move.progress import progress
from workbench.move.staged import Staged
from workbench.server import postgres


def move(console: Console, it: Move, players: int, *, rule: str, keep: bool) -> None:
    """Run the staged move there and back, show what it did, and write it to build/moves.json.

    Raises WorkbenchError if there is none, if it is refused, or if something is not as it was.
    """
    staged.staged(it)
    with postgres.server(large=True) as server, progress() as tell:
        told = staged.move(server, it, players, rule=rule, tell=tell)
        if not keep:
            run.drop(server, f"move_{it.staged_name}")
    show(console, told)
    report.write(told)
    if told.wrong:
        raise WorkbenchError(f"{len(told.wrong)} things are not as they should be: see above.")


def show(console: Console, told: Staged) -> None:
    """Each stage with what visitors waited for meanwhile, and what was checked."""
    console.print(f"\n[bold]{told.name}[/], {told.players:,} players")
    table = Table(box=None, pad_edge=False)
    for heading in ("migrate players", "seconds", "the longest wait of a visitor", "strong locks"):
        table.add_column(heading)
    for stage in told.stages:
        table.add_row(
            stage.to,
            f"{stage.seconds:.1f}",
            ", ".join(f"{code} {seconds:.2f} s" for code, seconds in stage.longest.items()) or "-",
            ", ".join(f"{it[0]} {it[2]:.2f} s" for it in stage.locks[:2]) or "-",
        )
    console.print(table)
    console.print(f"Before it began, the longest wait was {told.idle:.2f} s.", highlight=False)
    checks = Table(box=None, pad_edge=False, show_header=False)
    for check in told.checks:
        checks.add_row("wrong" if check.wrong else "as it should", check.name, check.looked_at)
    console.print(checks)
    for said in told.wrong:
        console.print(f"  {said}", markup=False, highlight=False)
