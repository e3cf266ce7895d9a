"""Ask one question of all four variants with @compare, and declare the answers that you expect.

    @compare(proxy_model=CANNOT, profile_onetoone=1, custom_user=0, foreignkey=1)
    def test_joins_to_read_one_player_with_extras(alice, statements):
        '''How many joins does it take to read a user with their birthdate?'''
        ...
        return statements.joins()

The docstring is the question that readers see. The function returns what it measured: text, a
number, True or False, or a list or dict of these. The suite keeps what ran as evidence.

The answer of a variant that cannot do it is CANNOT. The suite tries that too: the function raises
CannotDo, or a Django or Python error that names what is missing.

The expected answers are those of the oldest supported Django. Declare what a later version changes
above them:

    @changed_in("Django 6.0", why="W042 is gone", proxy_model=[], custom_user=[])
    @compare(proxy_model=["models.W042"], ...)

Mark a question that older versions cannot answer with @since("PostgreSQL 18").

If an answer speaks for or against an approach, say so with fits, costs and fails. All other
answers are neutral, and so is CANNOT unless you name it:

    @compare(proxy_model=CANNOT, profile_onetoone=1, custom_user=0, foreignkey=1,
             fits=[0], costs=at_most(2), fails=ANYTHING_ELSE)

top=True marks a question that matters most for the choice.
"""

import math
from dataclasses import dataclass, field, replace

CANNOT = "cannot"
VARIANTS = ("proxy_model", "profile_onetoone", "custom_user", "foreignkey")


class NotPossible(Exception):
    """Raised by a question: the variant cannot do it, for the reason that the message gives."""


MARKS = {
    "known": "every tutorial says it",
    "useful": "worth knowing before you choose",
    "surprising": "few people know it",
}


# The Django whose documentation and code the sources cite.
DJANGO = "5.2"


def docs(page, section=""):
    """Return a source in Django's documentation: a page, and a section of it if one is named."""
    return f'Django {DJANGO} docs, "{page}"' + (f', section "{section}"' if section else "")


def code(name):
    """Return a source in Django's own code, such as code("django.contrib.auth.login")."""
    return f"Django {DJANGO} source, {name}"


class Rule:
    """Some answers, by a condition: `rule(answer)` is True or False, str(rule) says it in words."""

    def __init__(self, words, holds):
        self.words, self.holds = words, holds

    def __call__(self, answer):
        return self.holds(answer)

    def __str__(self):
        return self.words


def at_most(limit):
    """Return the rule for numbers, and lengths of lists, up to the limit."""
    return Rule(f"at most {limit}", lambda answer: size(answer) <= limit)


def at_least(limit):
    """Return the rule for numbers, and lengths of lists, from the limit on."""
    return Rule(f"at least {limit}", lambda answer: size(answer) >= limit)


def size(answer):
    """Return the number, or the length of the list, or not-a-number for any other answer."""
    if isinstance(answer, list):
        return len(answer)
    is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
    return answer if is_number else math.nan


# Every answer that neither of the other two rules names, except CANNOT.
ANYTHING_ELSE = Rule("anything else", lambda answer: answer != CANNOT)

# How an answer is judged, in this order.
JUDGEMENTS = ("fits", "costs", "fails")


# Whether a claim of the article is true. Only the questions of that area have a verdict.
VERDICTS = ("holds", "holds with a condition", "does not hold", "changed since")


@dataclass(frozen=True)
class Change:
    """What a later version of Django or PostgreSQL changes in the answers to a question.

    version: such as "Django 6.0".  why: the reason, with a release note or a ticket.
    answers: the new answer of each variant that has one.  so_what: the new advice, or "" if the
    advice stays.
    """

    version: str
    why: str
    answers: dict
    so_what: str


@dataclass(frozen=True)
class Question:
    """What a question carries beside its function.

    expected: the answer of each variant.  mark: a key of MARKS.
    so_what: one sentence on what the answer means for the choice, or "".
    source: where Django's or PostgreSQL's documentation or a ticket speaks about it, or "".
    verdict: one of VERDICTS if the question tests a claim of the article, or "".
    changes: what later versions change, oldest first.  since: the version that can first be asked,
    such as "PostgreSQL 18", or "".
    rules: {judgement: a Rule or a list of answers}, for some of JUDGEMENTS.  top: whether it is one
    of those that matter most for the choice.
    """

    expected: dict
    mark: str
    so_what: str
    source: str
    verdict: str
    changes: tuple = ()
    since: str = ""
    rules: dict = field(default_factory=dict)
    top: bool = False

    def judge(self, answer):
        """Return which of JUDGEMENTS the answer gets, or "" if it is neutral."""
        for judgement, rule in self.rules.items():
            # 1 is not True
            among = [type(other) is type(answer) and other == answer for other in listed(rule)]
            if any(among) or (isinstance(rule, Rule) and rule(answer)):
                return judgement
        return ""

    def is_asked(self, versions):
        """Return whether these versions, {"Django": "6.0.1", ...}, can be asked this question."""
        return not self.since or reaches(versions, self.since)

    def expects(self, variant, versions):
        """Return the answer that is expected of the variant under these versions."""
        answer = self.expected[variant]
        for change in self.changes:
            if reaches(versions, change.version):
                answer = change.answers.get(variant, answer)
        return answer


def listed(rule):
    """Return the answers that a rule lists: none if it is a condition."""
    return [] if isinstance(rule, Rule) else rule


def reaches(versions: dict[str, str], named: str) -> bool:
    """Return whether the versions, such as {"Django": "6.0.1"}, are at least "Django 6.0"."""
    product, version = named.split()
    want = [int(part) for part in version.split(".")]
    have = [int(part) for part in versions[product].split(".")[: len(want)]]
    return have >= want


def changed_in(version, *, why, so_what="", **answers):
    """Declare that a later version, such as "Django 6.0", changes the answers of these variants.

    Stands above @compare. The oldest change stands nearest to it.
    """

    def attach(function):
        question = function.question
        if unknown := set(answers) - set(question.expected):
            raise ValueError(f"{function.__name__}: no variant is called {', '.join(unknown)}.")
        if not answers:
            raise ValueError(f"{function.__name__}: say which answers {version} changes.")
        change = Change(version, why, answers, so_what)
        function.question = replace(question, changes=(*question.changes, change))
        return function

    return attach


def since(version):
    """Declare that a question can be asked from this version on, such as "PostgreSQL 18"."""

    def attach(function):
        function.question = replace(function.question, since=version)
        return function

    return attach


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
    fits=(),
    costs=(),
    fails=(),
    top=False,
):
    """Mark a test function as a question, with the expected answer of each variant.

    fits, costs, fails: the answers that are judged so, as a list or a Rule.
    """
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
        rules = dict(zip(JUDGEMENTS, (fits, costs, fails), strict=True))
        function.question = Question(expected, mark, so_what, source, verdict, rules=rules, top=top)
        return function

    return attach
