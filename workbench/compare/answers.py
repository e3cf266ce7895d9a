"""The answers of all variants, as build/comparison.json holds them."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from suite.questions import AREAS
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.variants import VARIANTS

FILE = PROJECT / "build" / "comparison.json"

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
            about = {key: said[key] for key in said if key not in ("answer", "evidence")}
            question = questions.setdefault(name, about | {"answers": {}, "evidence": {}})
            question["answers"][variant] = said["answer"]
            question["evidence"][variant] = said["evidence"]
    in_order = sorted(questions.values(), key=lambda its: (AREAS.index(its["module"]), its["line"]))
    for question in in_order:
        del question["line"]
    return {"versions": versions, "questions": in_order}


def is_whole(sent: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether all variants answered all questions, none left out by -k or by an error."""
    return set(sent) == set(VARIANTS) and all(
        its["collected"] == len(its["answers"]) > 0 and not its["deselected"]
        for its in sent.values()
    )


def write(comparison: Comparison, path: Path = FILE) -> None:
    """Write the file in one go, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(comparison, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(path)


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
