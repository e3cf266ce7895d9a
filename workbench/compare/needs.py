"""Rule approaches out by what a project needs and what was measured.

The needs are in needs.toml. Each names questions of the comparison:

    [[need]]
    id = "no-n-plus-1"
    need = "A loop over users that reads an extra field does not run one query per user."
    rules_out.queries_of_a_naive_list = [101, "cannot"]
    says."101" = "one query per user"
    ways = [{ how = "prefetch_related()", question = "queries_of_a_list_at_best", works = [2] }]

`rules_out` maps a question's id to the answers with which an approach does not meet the need by
itself. `says` maps an answer, as readers see it, to what it means for the need. `ways` tell how an
approach can meet the need after all, each with the question that tried it and the answers that say
that it works. An approach that has neither is ruled out. A need that `excludes` another is never
chosen together with it.

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
from workbench.compare.answers import Comparison, Question, in_line
from workbench.variants import VARIANTS

FILE = Path(__file__).with_name("needs.toml")


@dataclass(frozen=True)
class Way:
    """What an approach can add to meet a need.

    how: what to add, such as "a trigger".  question: the id of the question that tried it.
    works: the answers that meet the need.  django: the first version that has it, or "".
    page: the page below docs/ that shows how, or "".
    """

    how: str
    question: str
    works: list[Any]
    django: str = ""
    page: str = ""

    def __str__(self) -> str:
        return f"{self.how} (Django {self.django} or newer)" if self.django else self.how

    def tried(self, variant: str, comparison: Comparison) -> Question | None:
        """Return the question if it was answered that the way works for the variant."""
        asked = results.load(self.django) if self.django else comparison
        for question in asked["questions"]:
            if question["id"] == self.question:
                works = is_among(question["answers"][variant], self.works)
                return question if works else None
        return None


@dataclass(frozen=True)
class Need:
    """One need: its id, its sentence, and {question id: [answers that do not meet it]}.

    says: {answer, as readers see it: what it means for the need}.
    excludes: the id of a need that cannot be there as well, or "".
    """

    id: str
    need: str
    rules_out: dict[str, list[Any]] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)
    excludes: str = ""

    def meaning(self, answer: Any) -> str:
        """Return what an answer means for the need; the answer itself if there are no words."""
        return self.says.get(in_line(answer), in_line(answer))


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
    """What a variant makes of some needs. It remains if it fails none.

    failed: the needs that it cannot meet, each with the question that shows it.
    helped: the needs that it meets with something added: the need, the questions that show that it
    does not meet it by itself, and each way that works with the question that tried it.
    """

    variant: str
    failed: list[tuple[Need, Question]]
    helped: list[tuple[Need, list[Question], list[tuple[Way, Question]]]]

    @property
    def remains(self) -> bool:
        return not self.failed


def all_needs(path: Path = FILE) -> list[Need]:
    """Return the needs in the order of the file."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["need"]
    return [
        Need(**entry | {"ways": [Way(**its) for its in entry.get("ways", [])]}) for entry in entries
    ]


def verdicts(needs: Sequence[Need], comparison: Comparison) -> list[Verdict]:
    """Return for each variant, in order, what it fails and what it meets with something added."""
    questions: dict[str, Question] = {its["id"]: its for its in comparison["questions"]}
    found = [Verdict(variant, [], []) for variant in VARIANTS]
    for verdict in found:
        for need in needs:
            against = [
                questions[name]
                for name, answers in need.rules_out.items()
                if is_among(questions[name]["answers"][verdict.variant], answers)
            ]
            tried = [(way, way.tried(verdict.variant, comparison)) for way in need.ways]
            working = [(way, question) for way, question in tried if question]
            if against and working:
                verdict.helped.append((need, against, working))
            else:
                verdict.failed.extend((need, question) for question in against)
    return found


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
