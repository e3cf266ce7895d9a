"""The measured answers that a notebook quotes."""

import html
from typing import Any

import pandas as pd  # type: ignore[import-untyped]

from suite.compare import CANNOT
from workbench.compare import answers, results
from workbench.compare.answers import chosen, in_line, said
from workbench.errors import WorkbenchError
from workbench.notebook.output import LEFT
from workbench.variants import VARIANTS

# the variant that this kernel is, whose answer stands out
mine: str | None = None


class Measured:
    """A question of the suite with the four measured answers."""

    def __init__(self, question: answers.Question) -> None:
        self.question = question
        self.answers: dict[str, Any] = question["answers"]

    def own(self) -> Any:
        """The answer of this kernel's variant, "not possible" if it cannot do it."""
        answer = self.answers[mine or ""]
        return said(answer) if answer == CANNOT else answer

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


class Missing(Measured):
    """A question without a result: a card that says so, so that the notebook goes on."""

    def __init__(self, said: str) -> None:
        self.said = said
        self.answers = {}

    def __repr__(self) -> str:
        return self.said

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.said)}</p>"


def measured(question: str) -> Measured:
    """A question by its id, as a card; without a result the card says what to do."""
    try:
        [found] = chosen(results.load(), ids=[question])
    except WorkbenchError as error:
        return Missing(str(error))
    return Measured(found)


def differences(area: str | None = None, mark: str | None = None) -> pd.DataFrame | Missing:
    """The questions that the variants answer differently: a row for each, a column for each.

    Without results it is a card that says so.
    """
    try:
        found = chosen(results.load(), area=area)
    except WorkbenchError as error:
        return Missing(str(error))
    rows = [
        {"question": one["question"]} | {name: in_line(one["answers"][name]) for name in VARIANTS}
        for one in found
        if mark in (None, one["mark"])
    ]
    return pd.DataFrame(rows, columns=["question", *VARIANTS]).set_index("question")


def areas() -> pd.DataFrame:
    """The areas of the suite: how many questions each asks, and how many differ between variants.

    Without results it has no rows.
    """
    try:
        rows = [row for row in answers.summary(results.load()) if row[0] != "all"]
    except WorkbenchError:
        rows = []
    columns = ["area", "questions", "answered differently"]
    return pd.DataFrame(rows, columns=columns).set_index("area")


def _marked(variant: str, text: str) -> str:
    return f"<strong>{text}</strong>" if variant == mine else text


def _lines(answer: Any) -> str:
    return "<br>".join(html.escape(line) for line in said(answer).splitlines())
