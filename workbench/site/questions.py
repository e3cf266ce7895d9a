"""Questions, answers and evidence as HTML, each on one line, so that Markdown leaves it alone."""

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from suite.catalog import Table
from suite.compare import MARKS
from workbench.compare.answers import Question, asking, said
from workbench.compare.needs import Need, Verdict
from workbench.variants import SUMMARIES, VARIANTS

EXTRAS = ("birthdate", "discord_id", "zoom_id")

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


def prose(value: str) -> str:
    """A sentence; what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text(value))


def answer(value: Any) -> str:
    """An answer, its lines below each other; an empty text is said to be one."""
    lines = said(value).splitlines() or ["(an empty text)"]
    return "<br> ".join(breakable(text(line)) for line in lines)


def breakable(value: str) -> str:
    """Long names may be broken after _ . / and before a capital; short ones stay whole."""
    return re.sub(r"[\w./]{15,}", lambda name: _broken(name[0]), value)


def _broken(name: str) -> str:
    return re.sub(r"(?<=[_./])(?=\w)|(?<=[a-z])(?=[A-Z])", "<wbr>", name)


def answers(question: Question) -> str:
    """The four answers below the four names; the search, which knows no list, needs the spaces."""
    cells = "".join(
        f'<div><dt>{breakable(name)} </dt><dd class="{kind(question["answers"][name])}">'
        f"{answer(question['answers'][name])} </dd></div>"
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


def fours(name: str, first: str, bodies: Iterable[str]) -> str:
    """A table with a column for each variant after the first; on a phone its rows are cards."""
    heads = "".join(
        f'<th scope="col" data-variant="{variant}" data-summary="{summary}">{variant}</th>'
        for variant, summary in SUMMARIES.items()
    )
    return (
        f'<table class="fours" id="{name}"><thead><tr><th scope="col">{first}</th>{heads}</tr>'
        f"</thead>{''.join(bodies)}</table>"
    )


def area(title: str, address: str, questions: Iterable[Question]) -> str:
    """The rows of one area below its title."""
    rows = "".join(_row(question, address) for question in questions)
    return (
        f'<tbody><tr class="area"><th colspan="5" scope="rowgroup"><a href="{address}">{title}</a>'
        f"</th></tr>{rows}</tbody>"
    )


def _row(question: Question, address: str) -> str:
    cells = "".join(
        f'<td data-variant="{name}" class="{kind(its)}">{answer(its)}</td>'
        for name, its in question["answers"].items()
    )
    name = question["id"]
    return (
        f'<tr id="{name}" data-area="{question["module"]}" data-mark="{question["mark"]}" '
        f'data-alike="{alike(question)}"><th scope="row"><a href="{address}#{name}">'
        f"{prose(question['question'])}</a></th>{cells}</tr>"
    )


def alike(question: Question) -> str:
    """A letter for each variant, the same letter for the same answer: "aabc"."""
    given = [json.dumps(question["answers"][name], sort_keys=True) for name in VARIANTS]
    return "".join("abcd"[given.index(one)] for one in given)


def small_tables(tables: Mapping[str, Table], user: str) -> str:
    """Tables by name with their columns only; those of the extras are marked."""
    found = [name for name, table in tables.items() if name == user or _has_extras(table)]
    lists = "".join(
        f"<div><strong>{name}</strong> {_columns(tables[name])}</div>" for name in found
    )
    return f'<div class="small-tables">{lists}</div>'


def _columns(table: Table) -> str:
    names = (column.name for column in table.columns)
    return " ".join(
        f"<code><mark>{name}</mark></code>" if name in EXTRAS else f"<code>{name}</code>"
        for name in names
    )


def _has_extras(table: Table) -> bool:
    return any(column.name in EXTRAS for column in table.columns)


def need(need: Need, verdicts: Iterable[Verdict], address: Callable[[Question], str]) -> str:
    """A need's row: for each variant that it goes, or the answers that rule it out."""
    cells = "".join(_fit(verdict, address) for verdict in verdicts)
    words = text(need.need)
    return (
        f'<tr data-need="{html.escape(need.need)}"><th scope="row"><label>'
        f'<input type="checkbox" value="{need.id}" hidden> {words}</label></th>{cells}</tr>'
    )


def _fit(verdict: Verdict, address: Callable[[Question], str]) -> str:
    variant = verdict.variant
    if verdict.remains:
        return f'<td data-variant="{variant}" class="fits">fits</td>'
    links = "<br>".join(
        f'<a href="{address(its)}" data-question="{html.escape(its["question"])}" '
        f'data-answer="{html.escape(_in_line(its["answers"][variant]))}" '
        f'title="{html.escape(its["question"])}">{answer(its["answers"][variant])}</a>'
        for _, its in verdict.failed
    )
    return f'<td data-variant="{variant}" class="fails">fails: {links}</td>'


def _in_line(value: Any) -> str:
    return said(value).replace("\n", ", ")


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
