"""A question's answers and evidence as HTML, each on one line, so that Markdown leaves it alone."""

import html
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from suite.compare import MARKS
from workbench.compare import asking, said
from workbench.comparison import Question
from workbench.variants import VARIANTS

# what a reader calls the kinds of evidence
KINDS = {
    "sql": "Statements",
    "error": "Error",
    "plan": "Plan",
    "saw": "Seen",
    "ran": "Ran",
}


def text(value: str) -> str:
    """Text for HTML; a line's end is written as a reference."""
    return html.escape(value, quote=False).replace("\n", "&#10;")


def answer(value: Any) -> str:
    """An answer, its lines below each other."""
    return "<br>".join(text(line) for line in said(value).splitlines())


def answers(question: Question) -> str:
    """The four answers below the four names; those that agree look alike."""
    cells = "".join(
        f'<div><dt>{name}</dt><dd class="{kind(question["answers"][name])}">'
        f"{answer(question['answers'][name])}</dd></div>"
        for name in VARIANTS
    )
    return f'<dl class="answers">{cells}</dl>'


def kind(value: Any) -> str:
    """The class of an answer that has a colour: yes, no, cannot, or other."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "cannot" if value == "cannot" else "other"


def badges(question: Question) -> str:
    """The verdict, if there is one, the mark, and the id as the command line takes it."""
    verdict, mark = question["verdict"], question["mark"]
    shown = [f'<span class="verdict">{verdict}</span>'] if verdict else []
    shown.append(f'<span class="mark {mark}" title="{text(MARKS[mark])}">{mark}</span>')
    return f'<p class="badges">{" ".join(shown)} <code>{question["id"]}</code></p>'


def evidence(question: Question) -> str:
    """What ran and was seen for each answer, folded away."""
    columns = "".join(
        f"<section><h3>{name}</h3>{_blocks(question['evidence'][name])}</section>"
        for name in VARIANTS
    )
    return (
        '<details class="evidence" data-search-exclude><summary>What ran, and what was seen'
        f'</summary><div class="columns">{columns}</div></details>'
    )


def code(question: Question) -> str:
    """The function that asks, folded away."""
    return (
        '<details class="evidence" data-search-exclude><summary>The test that asks</summary>'
        f"{_pre('python', asking(question['code']))}</details>"
    )


def _blocks(kept: Iterable[list[str]]) -> str:
    """Neighbours of one kind stand in one block."""
    found = []
    for name, group in groupby(kept, key=lambda its: its[0]):
        end = ";" if name == "sql" else ""
        lines = "\n".join(f"{said}{end}" for _, said in group)
        found.append(f'<p class="kind">{KINDS[name]}</p>{_pre(name, lines)}')
    return "".join(found)


def _pre(name: str, value: str) -> str:
    return f'<pre class="{name}" tabindex="0"><code>{text(value)}</code></pre>'
