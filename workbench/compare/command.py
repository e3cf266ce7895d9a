"""What `workbench compare` shows of the comparison."""

import difflib
import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from suite.compare import MARKS
from workbench.compare.answers import Comparison, Question, differs
from workbench.errors import WorkbenchError
from workbench.variants import VARIANTS

# So many columns hold a table of four variants.
WIDE = 100


def chosen(
    comparison: Comparison,
    variants: Sequence[str] = VARIANTS,
    *,
    everything: bool = False,
    area: str | None = None,
    ids: Sequence[str] = (),
) -> list[Question]:
    """The questions to show: those with these ids, or else those in which the variants differ.

    everything: also those in which they agree.  area: only those of this area.
    Raises WorkbenchError for an unknown id or area.
    """
    questions: list[Question] = comparison["questions"]
    if ids:
        by_id = {question["id"]: question for question in questions}
        return [by_id[known(name, by_id, "question")] for name in ids]
    if area is not None:
        areas = {question["area"].lower(): question["area"] for question in questions}
        area = areas[known(area.lower(), areas, "area")]
        questions = [question for question in questions if question["area"] == area]
    return [question for question in questions if everything or differs(question, variants)]


def known(name: str, names: Iterable[str], what: str) -> str:
    """The name if it is among the names; raises WorkbenchError with the nearest if it is not."""
    names = list(names)
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    near = near or [other for other in names if len(name) > 2 and name in other][:3]
    hint = f"did you mean {' or '.join(near)}?" if near else "`workbench compare --all` shows all."
    raise WorkbenchError(f"There is no {what} {name!r}: {hint}")


def said(answer: Any) -> str:
    """An answer as a reader sees it: yes and no for truth values, a list on lines of its own."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, list):
        return "\n".join(said(part) for part in answer) or "none"
    if isinstance(answer, dict):
        return "\n".join(f"{key}: {said(value)}" for key, value in answer.items()) or "none"
    return "nothing" if answer is None else str(answer)


def as_json(comparison: Comparison, questions: Sequence[Question]) -> str:
    """The questions as build/comparison.json has them."""
    shown = {"versions": comparison["versions"], "questions": list(questions)}
    return json.dumps(shown, indent=1, ensure_ascii=False)


def as_markdown(questions: Sequence[Question], variants: Sequence[str] = VARIANTS) -> str:
    """A table of Markdown: a row for each question, a column for each variant."""
    rows = [["", *variants], ["---"] * (len(variants) + 1)]
    for question in questions:
        answers = (said(question["answers"][name]).replace("\n", ", ") for name in variants)
        rows.append([question["question"], *answers])
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    )


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
    console.print(Syntax(asking(question["code"]), "python", background_color="default"))
    for variant in variants:
        console.print()
        console.print(
            Text.assemble((variant, "bold cyan"), ": ", said(question["answers"][variant]))
        )
        console.print(Padding(evidence(question["evidence"][variant]), (0, 0, 0, 4)))


def asking(code: str) -> str:
    """The function that asks, without its decorator, whose facts are said already."""
    lines = code.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("def "))
    return "\n".join(lines[first:])


def evidence(kept: Sequence[Sequence[str]]) -> Group:
    """What was run and seen for one answer: SQL highlighted, errors in red."""
    lines: list[Syntax | Text] = []
    for kind, text in kept:
        if kind == "sql":
            lines.append(Syntax(text, "sql", word_wrap=True, background_color="default"))
        else:
            lines.append(Text(f"{kind}: {text}", style="red" if kind == "error" else ""))
    return Group(*lines)
