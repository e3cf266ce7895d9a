"""The answers that come with the clone: results/answers.json, and what other versions change."""

import datetime
import itertools
import json
import platform
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.compare import reaches
from workbench import files, recorded
from workbench.compare.answers import PARTS, Comparison
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT

FOLDER = recorded.FOLDER
FILE = FOLDER / "answers.json"
# what an answer depends on, besides the versions
SOURCES = ("suite/**/*.py", "suite/**/*.sql", "variants/**/*.py", "variants/**/*.html")
# the command that records
COMMAND = "workbench matrix --record"


def file_of(django: str) -> Path:
    """Return the file of what another Django, such as "6.1", changes."""
    return FOLDER / f"answers-django-{django}.json"


def recorded_djangos() -> list[str]:
    """Return the versions of Django with recorded answers, oldest first, such as ["5.2", "6.1"]."""
    if not FILE.exists():
        return []
    others = [path.stem.removeprefix("answers-django-") for path in FOLDER.glob("answers-django-*")]
    return [series(load()["versions"]), *sorted(others)]


def series(versions: dict[str, str]) -> str:
    """Return the Django of these versions without its patch level, such as "5.2"."""
    return ".".join(versions["Django"].split(".")[:2])


def load(django: str | None = None) -> Comparison:
    """Return the recorded comparison: of the main environment, or of another Django.

    Raises WorkbenchError if nothing is recorded for it.
    """
    main: Comparison = _read(FILE)
    if django is None or django == series(main["versions"]):
        return main
    if not file_of(django).exists():
        raise WorkbenchError(
            f"There are no answers for Django {django}, only for {', '.join(recorded_djangos())}."
        )
    return overlaid(main, _read(file_of(django)))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkbenchError(
            f"{path.relative_to(PROJECT)} cannot be read: restore it, or run `{COMMAND}`."
        ) from error


def overlaid(main: Comparison, other: dict[str, Any]) -> Comparison:
    """Return the main comparison with the other environment's answers, evidence and advice."""
    found = deepcopy(main)
    found |= {"measured": other["measured"], "versions": other["versions"]}
    questions = {question["id"]: question for question in found["questions"]}
    for name in other["not_asked"]:
        del questions[name]
    questions |= {question["id"]: question for question in other["only_here"]}
    for name, changed in other["questions"].items():
        for part in PARTS.values():
            questions[name].setdefault(part, {}).update(changed.get(part, {}))
    for question in questions.values():
        for change in question["changes"]:
            if change["so_what"] and reaches(other["versions"], change["version"]):
                question["so_what"] = change["so_what"]
    found["questions"] = list(questions.values())
    return found


@dataclass(frozen=True)
class Changed:
    """An answer that is another one since a version of Django."""

    id: str
    question: str
    django: str
    variant: str
    before: Any
    after: Any
    why: str


def changed_answers() -> Iterator[Changed]:
    """Yield each recorded answer that differs from that of the Django before, oldest first."""
    djangos = recorded_djangos()
    for before, after in itertools.pairwise(djangos):
        was = {question["id"]: question for question in load(before)["questions"]}
        for question in load(after)["questions"]:
            whys = [it["why"] for it in question["changes"] if it["version"] == f"Django {after}"]
            old = was.get(question["id"], question)["answers"]
            for variant, answer in question["answers"].items():
                if old[variant] != answer:
                    text = question["question"]
                    what = (question["id"], text, after, variant, old[variant], answer)
                    yield Changed(*what, " ".join(whys))


def difference(main: Comparison, other: Comparison) -> dict[str, Any]:
    """Return what the other environment's comparison has that the main one has not."""
    theirs = {question["id"]: question for question in other["questions"]}
    ours = {question["id"]: question for question in main["questions"]}
    changed: dict[str, Any] = {}
    for name in ours.keys() & theirs.keys():
        parts = {}
        for part in PARTS.values():
            here, there = ours[name].get(part, {}), theirs[name][part]
            if differing := {it: there[it] for it in there if here.get(it) != there[it]}:
                parts[part] = differing
        if parts:
            changed[name] = parts
    return {
        "versions": other["versions"],
        "not_asked": [name for name in ours if name not in theirs],
        "only_here": [question for name, question in theirs.items() if name not in ours],
        "questions": {name: changed[name] for name in ours if name in changed},
    }


def record(main: Comparison, others: dict[str, Comparison]) -> None:
    """Write results/: the main comparison, and what each other Django changes in it."""
    measured = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}",
        "command": COMMAND,
        "sources": fingerprint(),
    }
    files.write_json(FILE, {"measured": measured, **main})
    for django, comparison in others.items():
        changed = {"measured": measured, **difference(main, comparison)}
        files.write_json(file_of(django), changed)


def fingerprint() -> str:
    """Return a hash of the sources on which the answers depend, without comments."""
    return recorded.fingerprint(*SOURCES)


def provenance(comparison: Comparison) -> str:
    """Return when and on what the answers were measured, and whether the code is newer."""
    versions, measured = comparison["versions"], comparison["measured"]
    told = (
        f"Measured on {measured['date']} with Django {versions['Django']}"
        f" and PostgreSQL {versions['PostgreSQL']}."
    )
    if measured["sources"] != fingerprint():
        told += " The code has changed since then: --fresh measures it again."
    return told


def changes(measured: Comparison, parts: tuple[str, ...] = ("question", "answers")) -> list[str]:
    """Return the ids of the questions that are not as recorded for the Django of this run.

    parts: what of a question is compared.
    """
    django = series(measured["versions"])
    if django not in recorded_djangos():
        return []
    was, now = (
        {it["id"]: [it[part] for part in parts] for it in comparison["questions"]}
        for comparison in (load(django), measured)
    )
    return [name for name in [*was, *(now.keys() - was.keys())] if was.get(name) != now.get(name)]


def is_recorded_here(measured: Comparison) -> bool:
    """Return whether answers are recorded for exactly the versions of this run."""
    django = series(measured["versions"])
    return django in recorded_djangos() and load(django)["versions"] == measured["versions"]


def told(measured: Comparison) -> Iterator[str]:
    """Yield what a run of the suite says of the recorded answers, line by line."""
    found = changes(measured)
    if found:
        yield f"Not as recorded in results/: {', '.join(found)}."
        yield f"If that is right, record the answers with `{COMMAND}`."
    elif is_recorded_here(measured) and (other := changes(measured, ("evidence",))):
        yield f"Answered as recorded, but with other evidence: {', '.join(other)}."
