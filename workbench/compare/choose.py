"""`workbench choose`: asks what you need, and says which approaches remain."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from workbench.compare import results
from workbench.compare.answers import Comparison, Question, in_line, known
from workbench.compare.needs import Need, all_needs, preferred, verdicts
from workbench.errors import WorkbenchError
from workbench.variants import SUMMARIES


def choose(
    need: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="What you need; repeat it.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the needs with their ids.")] = False,
) -> None:
    """Say what you need, and see which approaches remain, by measured answers.

    Example: workbench choose --need running-project --need one-record
    """
    if list_:
        show_list(Console())
    else:
        needs = chosen(need or ())
        comparison = results.load()
        show(Console(), needs, comparison)
        Console(stderr=True).print(results.provenance(comparison), style="dim")


def chosen(ids: Sequence[str]) -> list[Need]:
    """The needs with these ids, or, without any, those that the person at the terminal confirms.

    Raises WorkbenchError for an unknown id, for two needs that exclude each other, or when there is
    nobody to ask.
    """
    needs = {need.id: need for need in all_needs()}
    if ids:
        wanted = [needs[known(name, needs, "need")] for name in ids]
        for need in wanted:
            if need.excludes in ids:
                raise WorkbenchError(f"Choose one of the needs {need.id} and {need.excludes}.")
        return wanted
    if not sys.stdin.isatty():
        raise WorkbenchError(
            "There is no terminal to ask at: name what you need with --need, see --list."
        )
    return asked(list(needs.values()))


def asked(needs: Sequence[Need]) -> list[Need]:
    """Ask about each need in turn; returns those that were answered with yes."""
    typer.echo(f"What do you need? {len(needs)} questions; Enter is no, q ends them.")
    wanted: list[Need] = []
    for number, need in enumerate(needs, 1):
        if need.excludes in [its.id for its in wanted]:
            continue
        said = answered(f"{number:>2}. {need.need}")
        if said == "q":
            break
        if said == "y":
            wanted.append(need)
    return wanted


def answered(question: str) -> str:
    """ "y", "n" or "q", asked for until it is one of them."""
    while True:
        said = str(typer.prompt(question, "n", show_default=False, prompt_suffix=" [y/N/q] "))
        if (first := said.strip().lower()[:1]) in ("y", "n", "q"):
            return first
        typer.echo("    Please answer y, n or q.")


def show(console: Console, needs: Sequence[Need], comparison: Comparison) -> None:
    """Print what remains, and by which measured answers the others are ruled out."""
    console.print()
    found = verdicts(needs, comparison)
    for verdict in sorted(found, key=lambda verdict: not verdict.remains):
        mark = ("remains", "bold green") if verdict.remains else ("ruled out", "bold red")
        console.print(Text.assemble(mark, ": ", (verdict.variant, "bold")))
        lines = [Text(SUMMARIES[verdict.variant])]
        for need, against, working in verdict.helped:
            lines.append(Text.assemble("You need: ", need.need))
            lines += [measured(need, question, verdict.variant) for question in against]
            for way, question in working:
                lines.append(Text.assemble("It works with ", (str(way), "bold"), "."))
                lines.append(measured(need, question, verdict.variant))
        for need, question in verdict.failed:
            lines.append(Text.assemble("You need: ", need.need))
            lines.append(measured(need, question, verdict.variant))
        console.print(Padding(Group(*lines), (0, 0, 1, 4)))
    variant, preference = preferred(needs, found)
    if preference:
        console.print(Text.assemble("Take ", (str(variant), "bold green"), f". {preference.why}"))
        its = next(verdict for verdict in found if verdict.variant == variant)
        if with_ := [str(working[0][0]) for _, _, working in its.helped]:
            console.print(f"Add {', '.join(with_)}.")
        console.print(f"Measured: {preference.question}", style="dim")
    else:
        console.print(
            "No approach does all of this. Drop the requirement that you can best live without."
        )
    console.print("The evidence for an answer: workbench compare --question ID")


def measured(need: Need, question: Question, variant: str) -> Text:
    """Return a line on what a variant answered, after what that means for the need."""
    answer = question["answers"][variant]
    said = in_line(answer)
    line = f"Measured: {question['question']} {said} ({question['id']})"
    meaning = need.meaning(answer)
    return Text(line if meaning == said else f"{meaning[0].upper()}{meaning[1:]}. {line}", "dim")


def show_list(console: Console) -> None:
    """Print the needs with their ids."""
    for need in all_needs():
        console.print(Text.assemble((need.id, "bold"), f"  {need.need}"))
