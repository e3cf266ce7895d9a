"""`workbench choose`: asks what you need, and says which approaches remain."""

import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.text import Text

from workbench.compare import known, said
from workbench.comparison import Comparison
from workbench.errors import WorkbenchError
from workbench.needs import Need, all_needs, verdicts
from workbench.variants import SUMMARIES

ENDS = "Enter is no, q ends the questions."


def chosen(ids: Sequence[str]) -> list[Need]:
    """The needs with these ids, or, without any, those that the person at the terminal confirms.

    Raises WorkbenchError for an unknown id, or when there is nobody to ask.
    """
    needs = {need.id: need for need in all_needs()}
    if ids:
        return [needs[known(name, needs, "need")] for name in ids]
    if not sys.stdin.isatty():
        raise WorkbenchError(
            "There is no terminal to ask at: name what you need with --need, see --list."
        )
    return asked(list(needs.values()))


def asked(needs: Sequence[Need]) -> list[Need]:
    """Ask about each need in turn; returns those that were answered with yes."""
    typer.echo(f"What do you need? {len(needs)} questions; y is yes, {ENDS}")
    wanted = []
    for number, need in enumerate(needs, 1):
        answer = typer.prompt(
            f"{number:>2}. {need.need}", default="n", show_default=False, prompt_suffix=" [y/N/q] "
        )
        if answer.strip().lower().startswith("q"):
            break
        if answer.strip().lower().startswith("y"):
            wanted.append(need)
    return wanted


def show(console: Console, needs: Sequence[Need], comparison: Comparison) -> None:
    """Print what remains, and by which measured answers the others are ruled out."""
    console.print()
    found = verdicts(needs, comparison)
    for verdict in sorted(found, key=lambda verdict: not verdict.remains):
        mark = ("remains  ", "bold green") if verdict.remains else ("ruled out", "bold red")
        summary = SUMMARIES[verdict.variant]
        console.print(Text.assemble(mark, "  ", (verdict.variant, "bold"), f": {summary}"))
        for need, question in verdict.failed:
            answer = said(question["answers"][verdict.variant]).replace("\n", ", ")
            console.print(Text(f"             {need.need}"))
            console.print(Text(f"             {question['question']} {answer}", style="dim"))
            console.print(Text(f"             ({question['id']})", style="dim"))
    if not any(verdict.remains for verdict in found):
        console.print("No approach does all of this: give up the need that you need least.")
    elif not needs:
        console.print("You need nothing in particular, so nothing is ruled out.")
    console.print("The evidence for an answer: workbench compare --question ID")


def show_list(console: Console) -> None:
    """Print the needs with their ids."""
    for need in all_needs():
        console.print(Text.assemble((need.id, "bold"), f"  {need.need}"))
