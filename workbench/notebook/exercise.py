"""Exercises: whether what a learner wrote gives what was asked for, in as few statements."""

from collections.abc import Callable
from typing import Any

from workbench.notebook import output


class Verdict(str):
    """What a check says; true if the exercise is solved."""

    passed = False

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        word, _, rest = self.partition(":")
        return f"**{word}:**{rest}"


def check(answer: Callable[[], Any], expected: Any, statements: int | None = None) -> Verdict:
    """Call the learner's function and say whether it does what was asked.

    expected is what it must return; statements is how many it may send to PostgreSQL.
    """
    before = 0 if statements is None else len(output.ran())
    try:
        given = answer()
    except Exception as error:
        return Verdict(f"Not yet: it ends in {type(error).__name__}: {error}")
    if given in (None, ...):
        return Verdict("Not yet: it returns nothing.")
    if given != expected:
        return Verdict(f"Not yet: it returns `{given!r}`, and asked for was `{expected!r}`.")
    asked = 0 if statements is None else len(output.ran()) - before
    if statements is not None and asked > statements:
        return Verdict(f"Not yet: the result is right, but it took {asked} statements.")
    verdict = Verdict(f"Right: `{given!r}`.")
    verdict.passed = True
    return verdict
