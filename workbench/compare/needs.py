"""Rule approaches out by what a project needs and what was measured.

The needs are in needs.toml. Each names questions of the comparison:

    [[need]]
    id = "one-record"
    need = "The database allows at most one profile row or record per user."
    rules_out.database_holds_two_extras_rows_for_one_user = [true, "cannot"]

`rules_out` maps a question's id to the answers that rule a variant out. `cure` names a question
that only a newer Django can answer, and the answers with which a variant meets the need after all:

    cure = { django = "6.1", how = "on_delete=DB_CASCADE", question = "...", works = [true] }

A need without `rules_out` only says which approach is preferred among those that remain:

    [[prefer]]
    need = "running-project"
    order = ["profile_onetoone", "foreignkey"]
    why = "It adds a table beside the users who exist."
    question = "users_from_before_the_players_app"
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.compare import results
from workbench.compare.answers import Comparison, Question
from workbench.variants import VARIANTS

FILE = Path(__file__).with_name("needs.toml")


@dataclass(frozen=True)
class Cure:
    """How a variant can meet a need on a newer Django.

    django: the first version, such as "6.1".  how: what to write, such as "on_delete=DB_CASCADE".
    question: the id of the question that tried it.  works: the answers that meet the need.
    """

    django: str
    how: str
    question: str
    works: list[Any]

    def tried(self, variant: str) -> Question | None:
        """Return the question as this Django answered it if the cure works for the variant."""
        for question in results.load(self.django)["questions"]:
            if question["id"] == self.question:
                works = is_among(question["answers"][variant], self.works)
                return question if works else None
        return None


@dataclass(frozen=True)
class Need:
    """One need: its id, its sentence, and {question id: [answers that rule out]}."""

    id: str
    need: str
    rules_out: dict[str, list[Any]] = field(default_factory=dict)
    cure: Cure | None = None


@dataclass(frozen=True)
class Preference:
    """Which of several remaining approaches to take, first one first, and why.

    need: the id of the need to which it applies, or "" if it applies to everybody.
    question: the id of the question on which it rests.
    """

    order: list[str]
    why: str
    question: str
    need: str = ""


@dataclass(frozen=True)
class Verdict:
    """The needs that a variant fails, each with the question that shows it. It remains if none."""

    variant: str
    failed: list[tuple[Need, Question]]

    @property
    def remains(self) -> bool:
        return not self.failed


def all_needs(path: Path = FILE) -> list[Need]:
    """Return the needs in the order of the file."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["need"]
    return [
        Need(**entry | {"cure": Cure(**entry["cure"]) if "cure" in entry else None})
        for entry in entries
    ]


def verdicts(needs: Sequence[Need], comparison: Comparison) -> list[Verdict]:
    """Return for each variant, in order, the needs that it fails, each with its question."""
    questions: dict[str, Question] = {its["id"]: its for its in comparison["questions"]}
    return [
        Verdict(
            variant,
            [
                (need, questions[name])
                for need in needs
                for name, answers in need.rules_out.items()
                if is_among(questions[name]["answers"][variant], answers)
            ],
        )
        for variant in VARIANTS
    ]


def all_preferences(path: Path = FILE) -> list[Preference]:
    """The preferences in the order of the file."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["prefer"]
    return [Preference(**entry) for entry in entries]


def preferred(
    needs: Sequence[Need], found: Sequence[Verdict]
) -> tuple[str, Preference] | tuple[None, None]:
    """The variant to take and the preference that decides; (None, None) if none remains."""
    ticked = {need.id for need in needs} | {""}
    remaining = [verdict.variant for verdict in found if verdict.remains]
    for preference in all_preferences():
        for variant in preference.order if preference.need in ticked else ():
            if variant in remaining:
                return variant, preference
    return None, None


def is_among(answer: Any, answers: Sequence[Any]) -> bool:
    """Whether the answer is one of these; 1 is not True."""
    return any(answer == other and type(answer) is type(other) for other in answers)
