"""The measured answers that a notebook quotes."""

import html
from typing import Any

import pandas as pd  # type: ignore[import-untyped]

from workbench.compare import answers, results
from workbench.compare.answers import chosen, in_line, said
from workbench.notebook.output import LEFT
from workbench.variants import VARIANTS

# the variant that this kernel is, whose answer stands out
mine: str | None = None


class Measured:
    """A question of the suite with the four measured answers."""

    def __init__(self, question: answers.Question) -> None:
        self.question = question
        self.answers: dict[str, Any] = question["answers"]

    def __repr__(self) -> str:
        lines = (f"{name}: {said(answer)}" for name, answer in self.answers.items())
        return "\n".join([self.question["question"], *lines])

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" {LEFT}>{_marked(name, name)}</th>' for name in VARIANTS)
        cells = "".join(
            f"<td {LEFT}>{_marked(name, _lines(self.answers[name]))}</td>" for name in VARIANTS
        )
        asked = html.escape(self.question["question"])
        name, module = self.question["id"], self.question["module"]
        return (
            f"<p><strong>{asked}</strong></p>"
            f"<table><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
            f"<p>{html.escape(self.question['so_what'])} "
            f'<small>Measured: <code data-area="{module}">{name}</code></small></p>'
        )


def measured(question: str) -> Measured:
    """A question by its id; raises WorkbenchError, with the nearest id, if there is none."""
    [found] = chosen(results.load(), ids=[question])
    return Measured(found)


def differences(area: str | None = None, mark: str | None = None) -> pd.DataFrame:
    """The questions that the variants answer differently: a row for each, a column for each."""
    found = chosen(results.load(), area=area)
    rows = [
        {"question": one["question"]} | {name: in_line(one["answers"][name]) for name in VARIANTS}
        for one in found
        if mark in (None, one["mark"])
    ]
    return pd.DataFrame(rows).set_index("question")


def _marked(variant: str, text: str) -> str:
    return f"<strong>{text}</strong>" if variant == mine else text


def _lines(answer: Any) -> str:
    return "<br>".join(html.escape(line) for line in said(answer).splitlines())
