"""How `workbench try` looks on a terminal: side by side where there is room."""

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from workbench.try_.trial import Trial

# columns of a terminal that a variant needs to be read
WIDTH = 56
CLAUSES = re.compile(r" (?=(?:VALUES|FROM|WHERE|SET|RETURNING|INNER JOIN|ORDER BY|LIMIT)\b)")
LONG_VALUE = re.compile(r"'([^']{40})[^']{8,}'")


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
