"""The pieces of HTML in parts.html, and two of Markdown."""

import html
import re
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from suite.compare import MARKS
from workbench import files
from workbench.compare.answers import in_line, reason, said
from workbench.variants import EXTRA_FIELDS, SUMMARIES, VARIANTS

# what a reader calls the kinds of evidence
KINDS = {"sql": "Statements", "error": "Error", "plan": "Plan", "saw": "Seen", "ran": "Ran"}

# how a judgement looks without colours
SIGNS = {"fits": "✓", "costs": "~", "fails": "✗"}


def part(name: str, *values: Any) -> str:
    """Return the piece of that name on one line, so that Markdown leaves it alone."""
    return re.sub(r"\n\s*", "", getattr(_parts(), name)(*values))


@cache
def _parts() -> Any:
    template = files.template(
        Path(__file__).with_name("parts.html"),
        (text, prose, answer, breakable, kind, blocks, in_line, reason),
        variants=VARIANTS,
        summaries=SUMMARIES,
        marks=MARKS,
        signs=SIGNS,
        kinds=KINDS,
        extra_fields=EXTRA_FIELDS,
    )
    return template.module


def fenced(language: str, code: str) -> str:
    """A block of code in Markdown."""
    return f"```{language}\n{code.rstrip()}\n```"


def indented(head: str, body: str) -> str:
    """A block of Markdown below its head, such as `??? note "Title"`."""
    return f"{head}\n\n{textwrap.indent(body, '    ')}"


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


def kind(value: Any) -> str:
    """The class of an answer that has a colour: yes, no, cannot, or other."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "cannot" if value == "cannot" else "other"


def blocks(kept: Iterable[list[str]]) -> Iterator[tuple[str, str]]:
    """Evidence by kind; neighbours of one kind stand in one block."""
    for name, group in groupby(kept, key=lambda its: its[0]):
        end = ";" if name == "sql" else ""
        yield name, "\n".join(f"{said}{end}" for _, said in group)
