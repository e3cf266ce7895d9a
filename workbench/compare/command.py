"""`workbench compare`: the questions whose answers differ, and the evidence for an answer."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from suite.compare import MARKS
from workbench.compare import answers, results, run_suite
from workbench.compare.answers import Question, said
from workbench.errors import WorkbenchError
from workbench.variants import VARIANTS, checked

# So many columns hold a table of four variants.
WIDE = 100


def compare(
    variants: Annotated[
        list[str] | None,
        typer.Argument(metavar="[A B]", help="Only two variants, and only where these differ."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the questions that all answer alike.")
    ] = False,
    area: Annotated[str | None, typer.Option(help="Only one area, such as Schema.")] = None,
    question: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this question, with its evidence; repeat it."),
    ] = None,
    django: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="The answers of another Django, such as 6.1."),
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only what another Django changes, and why.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run the suite here instead of reading results/.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="A table for a page like the README.")
    ] = False,
) -> None:
    """Show where the four differ, as measured. The answers come with the clone.

    Example: workbench compare profile_onetoone custom_user
    """
    names = [checked(name) for name in variants or VARIANTS]
    if variants and len(variants) != 2:
        raise WorkbenchError(f"Name no variant or two to compare, of {', '.join(VARIANTS)}.")
    if fresh and django:
        raise WorkbenchError(f"To run the suite on it: workbench matrix --django {django}.")
    if fresh:
        answers.check_asked(area, question or ())
    comparison = run_suite.measured(fresh=fresh, django=django)
    shown = answers.chosen(comparison, names, everything=everything, area=area, ids=question or ())
    if not (fresh or as_json or as_markdown):
        Console(stderr=True).print(results.provenance(comparison), style="dim")
    console = Console()
    if changed:
        show_changes(console, names)
    elif as_json:
        typer.echo(answers.as_json(comparison, shown))
    elif as_markdown:
        typer.echo(answers.as_markdown(shown, names))
    elif question:
        for one in shown:
            show_with_evidence(console, one, names)
    else:
        show(console, shown, names)


def show_changes(console: Console, variants: Sequence[str] = VARIANTS) -> None:
    """Print each answer that another Django changes: the old one, the new one, and the reason."""
    table = Table("question", "since", "variant", "before", "after", "why")
    for change in results.changed_answers():
        if change.variant in variants:
            question = Text(change.question).append(f"\n{change.id}", "dim")
            answer = (Text(said(change.before)), Text(said(change.after)))
            table.add_row(question, change.django, change.variant, *answer, Text(change.why))
    console.print(table if table.rows else "No recorded Django changes an answer.")


def show(
    console: Console, questions: Sequence[Question], variants: Sequence[str] = VARIANTS
) -> None:
    """Print the questions of each area with their ids: a table, if the terminal is wide enough."""
    if not questions:
        console.print(f"{' and '.join(variants)} answer alike.")
    for area, group in groupby(questions, key=lambda question: str(question["area"])):
        if console.width < WIDE and len(variants) > 2:
            console.print(area, style="bold")
            console.print(Group(*(stacked(question, variants) for question in group)))
        else:
            console.print(tabulated(area, group, variants))


def tabulated(area: str, questions: Iterable[Question], variants: Sequence[str]) -> Table:
    """A row for each question, a column for each variant."""
    table = Table(title=area, title_justify="left", title_style="bold", expand=True)
    table.add_column("question", ratio=1, overflow="fold")
    for variant in variants:
        table.add_column(variant, min_width=len(variant), max_width=24, overflow="fold")
    for question in questions:
        answers = (Text(said(question["answers"][name])) for name in variants)
        table.add_row(asked(question), *answers, end_section=True)
    return table


def stacked(question: Question, variants: Sequence[str]) -> Padding:
    """The answers below the question, for a terminal that is too narrow for the table."""
    answers = Table.grid(padding=(0, 2))
    for name in variants:
        answers.add_row(name, Text(said(question["answers"][name])))
    return Padding(Group(asked(question), Padding(answers, (0, 0, 0, 4))), (0, 0, 1, 0))


def asked(question: Question) -> Text:
    """The question, the verdict if it has one, and its id."""
    text = Text(question["question"])
    if question["verdict"]:
        text.append(f"\n{question['verdict']}", "bold")
    return text.append(f"\n{question['id']}", "dim")


def show_with_evidence(
    console: Console, question: Question, variants: Sequence[str] = VARIANTS
) -> None:
    """Print one question with all that is known about it, and what was run for each answer."""
    console.print(Text(question["question"], style="bold"))
    console.print(f"{question['area']}; {MARKS[question['mark']]}.")
    for label in ("verdict", "so_what", "source"):
        if question[label]:
            console.print(Text(f"{label.replace('_', ' ').capitalize()}: {question[label]}"))
    console.print()
    console.print(Syntax(question["code"], "python", background_color="default"))
    for variant in variants:
        console.print()
        console.print(
            Text.assemble((variant, "bold cyan"), ": ", said(question["answers"][variant]))
        )
        console.print(Padding(evidence(question["evidence"][variant]), (0, 0, 0, 4)))


def evidence(kept: Sequence[Sequence[str]]) -> Group:
    """What was run and seen for one answer: SQL highlighted, errors in red."""
    lines: list[Syntax | Text] = []
    for kind, text in kept:
        if kind == "sql":
            lines.append(Syntax(text, "sql", word_wrap=True, background_color="default"))
        else:
            lines.append(Text(f"{kind}: {text}", style="red" if kind == "error" else ""))
    return Group(*lines)
