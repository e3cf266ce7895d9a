"""The answers of all variants, as build/comparison.json holds them."""

import difflib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.compare import CANNOT
from suite.questions import AREAS
from workbench.errors import WorkbenchError
from workbench.paths import BUILD, PROJECT
from workbench.variants import VARIANTS

FILE = BUILD / "comparison.json"

# What each variant says of a question, and where the comparison has it: {variant: what it said}.
PARTS = {"answer": "answers", "judgement": "judgements", "evidence": "evidence"}

# how a statement of several lines is indented tells nothing
INDENTED = re.compile(r"\n +")

Question = dict[str, Any]
Comparison = dict[str, Any]


def put_together(sent: Mapping[str, Mapping[str, Any]]) -> Comparison:
    """One comparison from what each variant's process sent.

    sent: {variant: {"versions": {...}, "collected": n, "answers": {id: {...}}}}. Returns
    {"versions": {...}, "questions": [...]}, the questions by area and by their place in its file.
    """
    versions: dict[str, str] = {}
    questions: dict[str, Question] = {}
    for variant in sorted(sent, key=VARIANTS.index):
        versions.update(sent[variant]["versions"])
        for name, said in sent[variant]["answers"].items():
            about = {key: said[key] for key in said if key not in PARTS}
            question = questions.setdefault(name, about | {part: {} for part in PARTS.values()})
            for key, part in PARTS.items():
                question[part][variant] = said[key]
            question["evidence"][variant] = [
                [kind, INDENTED.sub("\n", text)] for kind, text in said["evidence"]
            ]
    in_order = sorted(questions.values(), key=lambda its: (AREAS.index(its["module"]), its["line"]))
    for question in in_order:
        del question["line"]
        question["code"] = asking(question["code"])
    return {"versions": versions, "questions": in_order}


def is_whole(sent: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether all variants answered all questions, none left out by -k or by an error."""
    return set(sent) == set(VARIANTS) and all(
        its["collected"] == len(its["answers"]) > 0 and not its["deselected"]
        for its in sent.values()
    )


def read(path: Path = FILE) -> Comparison:
    """The comparison of the last whole run; raises WorkbenchError if there is none to be read."""
    try:
        comparison: Comparison = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"{path} cannot be read: run `workbench compare --fresh`.") from error
    return comparison


def differs(question: Question, variants: Collection[str] = VARIANTS) -> bool:
    """Whether these variants, as far as they answered, do not all answer the same."""
    answers = (question["answers"][name] for name in variants if name in question["answers"])
    return len({json.dumps(answer, sort_keys=True) for answer in answers}) > 1


def summary(comparison: Comparison) -> Iterator[tuple[str, int, int]]:
    """For each area, and then for "all": its name, how many questions, in how many they differ."""
    by_area: dict[str, list[bool]] = {}
    for question in comparison["questions"]:
        by_area.setdefault(question["area"], []).append(differs(question))
    by_area["all"] = [one for differing in by_area.values() for one in differing]
    for area, differing in by_area.items():
        yield area, len(differing), sum(differing)


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


def check_asked(area: str | None, ids: Iterable[str]) -> None:
    """Raise WorkbenchError for an id or area that no module of the suite has."""
    modules = [(PROJECT / "suite" / "questions" / f"test_{name}.py").read_text() for name in AREAS]
    if area is not None:
        areas = [text.splitlines()[0].strip('"').rstrip(".").lower() for text in modules]
        known(area.lower(), areas, "area")
    asked = re.findall(r"^def test_(\w+)", "\n".join(modules), re.MULTILINE)
    for name in ids:
        known(name, asked, "question")


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
    if answer == CANNOT:
        return "not possible"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, list):
        return "\n".join(said(part) for part in answer) or "none"
    if isinstance(answer, dict):
        return "\n".join(f"{key}: {said(value)}" for key, value in answer.items()) or "none"
    return "nothing" if answer is None else str(answer)


def reason(question: Question, variant: str) -> str:
    """Why the variant cannot do it: the first line of the error that proved it; "" if it can."""
    if question["answers"][variant] != CANNOT:
        return ""
    errors = [text for kind, text in question["evidence"][variant] if kind == "error"]
    return errors[-1].splitlines()[0] if errors else ""


def in_line(answer: Any) -> str:
    """An answer as a reader sees it, in one line."""
    return said(answer).replace("\n", ", ")


def as_json(comparison: Comparison, questions: Sequence[Question]) -> str:
    """The questions as build/comparison.json has them."""
    shown = {"versions": comparison["versions"], "questions": list(questions)}
    return json.dumps(shown, indent=1, ensure_ascii=False)


def as_markdown(questions: Sequence[Question], variants: Sequence[str] = VARIANTS) -> str:
    """A table of Markdown: a row for each question, a column for each variant."""
    rows = [["", *variants], ["---"] * (len(variants) + 1)]
    for question in questions:
        answers = (in_line(question["answers"][name]) for name in variants)
        rows.append([question["question"], *answers])
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    )


def asking(code: str) -> str:
    """Return the function that asks, without its decorator: its facts are said already."""
    lines = code.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("def "))
    return "\n".join(lines[first:])
