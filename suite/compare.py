"""@compare: one question, asked of all four variants, whose answers are expected to differ or not.

    @compare(proxy_model=CANNOT, profile_onetoone=1, custom_user=0, foreignkey=1)
    def test_joins_to_read_one_player_with_extras(alice, statements):
        '''How many joins does it take to read one player with their birthdate?'''
        ...
        return statements.joins()

The docstring is the question as a reader sees it. The function returns what it measured: text, a
number, True or False, or a list or dict of such. What it ran is kept as evidence by itself.

A variant that cannot do it answers CANNOT, and that too is tried: the function raises CannotDo, or
an error of Django's or Python's that names what is missing.
"""

from dataclasses import dataclass

CANNOT = "cannot"
VARIANTS = ("proxy_model", "profile_onetoone", "custom_user", "foreignkey")


class NotPossible(Exception):
    """Raised by a question: the variant cannot do it, for the reason that the message gives."""


MARKS = {
    "known": "every tutorial says it",
    "useful": "worth knowing before you choose",
    "surprising": "few people know it",
}


def docs(page, section):
    """A source in Django's docs, as a reader finds it there."""
    return f'Django 5.2 docs, "{page}", section "{section}"'


# What became of a claim of the article: only the questions of that area carry one.
VERDICTS = ("holds", "holds with a condition", "does not hold", "changed since")


@dataclass(frozen=True)
class Question:
    """What a question carries beside its function.

    expected: the answer of each variant.  mark: a key of MARKS.
    so_what: one sentence on what the answer means for the choice, or "".
    source: where Django's or PostgreSQL's documentation or a ticket speaks about it, or "".
    verdict: one of VERDICTS if the question tests a claim of the article, or "".
    """

    expected: dict
    mark: str
    so_what: str
    source: str
    verdict: str


def compare(
    *,
    proxy_model,
    profile_onetoone,
    custom_user,
    foreignkey,
    mark="useful",
    so_what="",
    source="",
    verdict="",
):
    """Mark a test function as a question, with the expected answer of each variant."""
    if mark not in MARKS:
        raise ValueError(f"mark is {mark!r}; it is one of {', '.join(MARKS)}.")
    if verdict and verdict not in VERDICTS:
        raise ValueError(f"verdict is {verdict!r}; it is one of {', '.join(VERDICTS)}.")
    expected = {
        "proxy_model": proxy_model,
        "profile_onetoone": profile_onetoone,
        "custom_user": custom_user,
        "foreignkey": foreignkey,
    }

    def attach(function):
        if not (function.__doc__ or "").strip():
            raise ValueError(f"{function.__name__} asks nothing: its docstring is the question.")
        function.question = Question(expected, mark, so_what, source, verdict)
        return function

    return attach
