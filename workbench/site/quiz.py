"""The quiz: questions that are marked `known` or `surprising`, with choices from measured answers.

Each choice was measured: as an answer of this question, as an answer of another question of the
same kind, or as the approaches that shared an answer. A wrong choice differs from the right one as
measured, so no wrong choice is right by accident.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from suite.compare import CANNOT
from workbench.compare.answers import Question, in_line
from workbench.variants import VARIANTS

# the marks of the questions, by the level of the quiz that asks them
LEVELS = {"tutorial": "known", "surprises": "surprising"}
LETTERS = "ABCD"
CHOICES, FEWEST = len(LETTERS), 3
# characters of a choice, so that it is read at a glance
LONGEST = 60
# questions with these words need another page beside them
NEEDS_A_PAGE = ("article", "roster")
# an answer that says no more than yes does
ACCEPTED = "accepted"
# numbers above EXACT differ by this factor at least, as nobody knows them to the last digit
EXACT, APART = 20, 1.25
# another question's number is at most so many times larger or smaller, else nobody would take it
PLAUSIBLE = 12
UNIT = re.compile(r"\bhow many (\w+)", re.IGNORECASE)

Group = tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """A question of the quiz.

    question: the question of the comparison. ask: a sentence that says what to choose.
    choices: the texts to choose from, three or four. right: the place of the right one.
    """

    question: Question
    ask: str
    choices: tuple[str, ...]
    right: int

    @property
    def level(self) -> str:
        """The level of the quiz, one of LEVELS."""
        return next(level for level, mark in LEVELS.items() if mark == self.question["mark"])

    @property
    def letter(self) -> str:
        """The letter of the right choice."""
        return LETTERS[self.right]

    @property
    def answer(self) -> str:
        """The text of the right choice."""
        return self.choices[self.right]


def items(questions: Sequence[Question]) -> list[Item]:
    """Return an item for each question of a level that has enough choices, level by level.

    questions: all questions of a comparison; the wrong choices come from these.
    """
    groups = _groups(questions)
    pool = [
        its
        for mark in LEVELS.values()
        for its in questions
        if its["mark"] == mark and its["so_what"] and _alone(its)
    ]
    found = [_who(its, groups) or _what(its, questions) for its in pool]
    return [item for item in found if item]


def _alone(question: Question) -> bool:
    return not any(word in question["question"] for word in NEEDS_A_PAGE)


def _possible(question: Question) -> dict[str, Any]:
    """The answers of the variants that can do it at all."""
    answers = question["answers"]
    return {name: answers[name] for name in VARIANTS if answers[name] != CANNOT}


def _pick(question: Question, among: Sequence[str]) -> str:
    """One of these, always the same for a question, but not the same place for all."""
    return among[crc32(question["id"].encode()) % len(among)]


# Which approaches answer so?


def _who(question: Question, groups: Sequence[Group]) -> Item | None:
    """Ask which approaches have one of two answers; None for numbers and longer answers.

    groups: what to choose from, likely ones first.
    """
    possible = _possible(question)
    texts = sorted({in_line(answer) for answer in possible.values()})
    if len(possible) < 2 or not _are_two_outcomes(possible):
        return None
    asked = "yes" if {"yes", "no"}.issuperset(texts) else _pick(question, texts)
    right = _sharing(possible, asked)
    others = tuple(name for name in possible if name not in right)
    wrong = [
        group
        for group in dict.fromkeys([others, *groups])
        if group != right and possible.keys() >= set(group)
    ]
    ask = f"Choose the approaches that answer “{asked}”."
    if impossible := [name for name in VARIANTS if name not in possible]:
        ask += f" It is not possible with {_in_words(impossible)}."
    choices = [_named(group) for group in [right, *wrong[: CHOICES - 1]]]
    choices.sort(key=lambda text: crc32(f"{question['id']} {text}".encode()))
    return Item(question, ask, tuple(choices), choices.index(_named(right)))


def _are_two_outcomes(answers: Mapping[str, Any]) -> bool:
    """Whether there are two short texts, or one that is the same in all and could be another."""
    if not all(_is_short(answer) and not _is_number(answer) for answer in answers.values()):
        return False
    texts = set(map(in_line, answers.values()))
    return len(texts) == 2 or texts in ({"yes"}, {"no"}, {ACCEPTED})


def _groups(questions: Sequence[Question]) -> list[Group]:
    """The variants that share an answer to some question, the most frequent groups first.

    No variant at all is such a group where all answered no.
    """
    found: Counter[Group] = Counter()
    for possible in map(_possible, questions):
        texts = set(map(in_line, possible.values()))
        asked = texts | {"yes"} if texts <= {"yes", "no"} else texts
        found.update(_sharing(possible, text) for text in asked)
    return [group for group, _ in found.most_common()]


def _sharing(answers: Mapping[str, Any], text: str) -> Group:
    return tuple(name for name, answer in answers.items() if in_line(answer) == text)


def _named(group: Group) -> str:
    if len(group) == len(VARIANTS):
        return "all four"
    return f"only {group[0]}" if len(group) == 1 else _in_words(group) or "none of them"


def _in_words(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


# What does one approach answer?


def _what(question: Question, questions: Sequence[Question]) -> Item | None:
    """Ask for the answer of one approach; None if there are too few choices or they are long."""
    possible = _possible(question)
    if not all(map(_is_short, possible.values())) or not possible:
        return None
    variant = _pick(question, list(possible))
    right = possible[variant]
    wrong = [answer for answer in possible.values() if answer != right]
    if _is_number(right):
        wrong = [
            its for its in [*wrong, *_likely(question, right, questions)] if _apart(its, right)
        ]
    choices = list({in_line(its): its for its in [right, *wrong]}.values())[:CHOICES]
    if len(choices) < FEWEST:
        return None
    if _is_number(right):
        choices.sort()
    else:
        choices.sort(key=lambda its: crc32(f"{question['id']} {in_line(its)}".encode()))
    if len(set(map(in_line, possible.values()))) > 1:
        ask = f"Choose the answer of {variant}."
    else:
        ask = f"Choose the answer of {_in_words(list(possible))}."
    texts = tuple(map(in_line, choices))
    return Item(question, ask, texts, texts.index(in_line(right)))


def _likely(question: Question, right: float, questions: Sequence[Question]) -> list[Any]:
    """The numbers that answer other questions in the same unit, the nearest first."""
    unit = _unit(question)
    found = {
        answer
        for its in questions
        if unit and _unit(its) == unit
        for answer in its["answers"].values()
        if _is_number(answer)
    }

    def far(number: float) -> float:
        return abs(math.log((number + 1) / (right + 1)))

    return sorted((its for its in found if far(its) < math.log(PLAUSIBLE)), key=far)


def _unit(question: Question) -> str:
    found = UNIT.search(question["question"])
    return found[1] if found else ""


def _apart(number: float, other: float) -> bool:
    low, high = sorted((number, other))
    return low < high and (high <= EXACT or high >= APART * low)


def _is_number(answer: Any) -> bool:
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def _is_short(answer: Any) -> bool:
    """Whether an answer is read at a glance: no list in a list, and nothing that is empty."""
    parts = answer if isinstance(answer, list) else [answer]
    return len(in_line(answer)) <= LONGEST and not any(
        part in ("", None) or isinstance(part, list | dict) for part in parts
    )
