"""`workbench try`: one registration in all variants, what ran and what rows it left."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from workbench.errors import WorkbenchError
from workbench.server import databases, postgres, processes
from workbench.server.processes import Conversation
from workbench.variants import VARIANTS

PLAYER = {
    "email": "tasha@example.com",
    "password1": "roll-for-initiative",
    "password2": "roll-for-initiative",
    "birthdate": "1990-10-05",
    "discord_id": "284019375620184320",
    "zoom_id": "81736452910",
}
# columns of a terminal that a variant needs to be read
WIDTH = 56
CLAUSES = re.compile(r" (?=(?:VALUES|FROM|WHERE|SET|RETURNING|INNER JOIN|ORDER BY|LIMIT)\b)")
LONG_VALUE = re.compile(r"'([^']{40})[^']{8,}'")


@dataclass(frozen=True)
class Trial:
    """What registering did in one variant: its SQL, values included, and the rows by table."""

    variant: str
    statements: list[str]
    rows: dict[str, list[dict[str, Any]]]


def try_(
    username: Annotated[str, typer.Option(help="The new player's name.")] = "tasha",
    keep: Annotated[bool, typer.Option("--keep", help="Do not remove the player again.")] = False,
) -> None:
    """Register one player in all four, and show the SQL that ran and the rows it left.

    Example: workbench try --username tasha
    """
    with postgres.server() as server:
        trials = register(server, username, keep=keep)
    show(Console(), trials, username if keep else None)


def register(server: Mapping[str, str], username: str, *, keep: bool) -> list[Trial]:
    """Register a player of that name in every variant, and remove it again unless it is to stay.

    server: libpq's variables. Raises WorkbenchError, with the form's own words, if a variant
    refuses; then the player stays in none.
    """
    databases.prepare_new(server, *VARIANTS)
    order = {"form": PLAYER | {"username": username}}
    running = {name: _registering(name, server, order) for name in VARIANTS}
    try:
        trials = [_trial(name, process.hear()) for name, process in running.items()]
        for process in running.values():
            if keep:
                process.tell("keep")
            process.finish()
        return trials
    finally:
        # each removes its player as soon as nothing more is said to it
        for process in running.values():
            process.close()
        processes.end(running.values(), ask=False)


def _registering(name: str, server: Mapping[str, str], order: dict[str, Any]) -> Conversation:
    failed = f"{name} could not register the player"
    words = (failed, "try it in its pages, with `workbench serve`")
    return processes.inside(name, server, "workbench.try_.inside.register", order, *words)


def _trial(name: str, said: dict[str, Any]) -> Trial:
    if "errors" in said:
        field, complaints = next(iter(said["errors"].items()))
        raise WorkbenchError(f"{name} refuses the {field}: {' '.join(complaints)}")
    return Trial(name, said["statements"], said["rows"])


def show(console: Console, trials: list[Trial], stays: str | None) -> None:
    """Print the trials, as many beside each other as the terminal has room for.

    stays is the name of the player if they were not removed again.
    """
    across = max(1, min(len(trials), console.width // WIDTH))
    for start in range(0, len(trials), across):
        grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
        panels = [_panel(trial) for trial in trials[start : start + across]]
        for _ in panels:
            grid.add_column(ratio=1)
        grid.add_row(*panels)
        console.print(grid)
    console.print(f"{stays} plays in all four now." if stays else "The player is removed again.")


def _panel(trial: Trial) -> Panel:
    return Panel(
        Group(*_statements(trial.statements), *_left(trial.rows)),
        title=f"{trial.variant}: {_count(trial.statements)}",
        title_align="left",
    )


def _count(statements: Iterable[str]) -> str:
    """BEGIN and COMMIT carry the others."""
    number = sum(statement not in ("BEGIN", "COMMIT") for statement in statements)
    return f"{number} statement{'' if number == 1 else 's'}"


def _statements(statements: Iterable[str]) -> Iterable[RenderableType]:
    for statement in statements:
        yield Syntax(
            LONG_VALUE.sub(r"'\1…'", CLAUSES.sub("\n  ", statement)),
            "postgres",
            theme="ansi_dark",
            background_color="default",
            word_wrap=True,
        )


def _left(tables: dict[str, list[dict[str, Any]]]) -> Iterable[RenderableType]:
    for name, rows in tables.items():
        for row in rows:
            yield Text(f"\nrow in {name}", style="bold")
            yield _row(row)


def _row(row: dict[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 1))
    for column, value in row.items():
        grid.add_row(Text(f"  {column}", style="dim"), Text(_value(value)))
    return grid


def _value(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    return f"{text[:40]}…" if len(text) > 48 else text or "''"
