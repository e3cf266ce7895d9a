"""The pages as people write them: no figure and no answer is typed by hand."""

import re

import pytest
from prose import CODE, NOT_PROSE

from workbench.compare.run_suite import measured
from workbench.paths import PROJECT

DOCS = PROJECT / "docs"
TEMPLATE = PROJECT / "workbench" / "site" / "area.md"
# decisions say why, with the figures of their time
WRITTEN = [TEMPLATE, *sorted(its for its in DOCS.rglob("*.md") if its.parent.name != "decisions")]

END = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.) )|(?<=[.?!:])\s")

# a figure that is not measured: a list's number, a step's, the oldest Python that will do, a
# release of Django, the birthdate that the tutorial's reader types, the article's date, an
# encoding, the size of a key, an exit code, the servers on which a page was tried, the month in
# which other people's documentation was read
FIGURES = re.compile(
    r"^(# )?\d+\.(?= |$)|\b[Ss]teps? \d+( (to|and) \d+)?|\bPython 3\.11 or newer|\b4 May 2004|"
    r"\bDjango \d(\.\d)?(, \d\.\d)*( and \d\.\d)?|\bJuly 2020|\bUTF-8|32-bit|\bexit code \d|"
    r"\bPostgreSQL \d\d\.\d+|\bread in November 2026|"
    # the systems on which the set-up was tried, the port of the sites, and a package
    r"\b(Debian|Ubuntu|macOS|Python) \d+(\.\d+)?|\bport 8000|\bargon2-cffi"
)
# how long a lesson takes, the first column of its plan, and a part of its handout
LESSON = re.compile(
    r"\b(lesson of|Prepare in) \d+ minutes|^\| \d+(\W\d+)?(?= \|)|\bparts? \d( and \d)?|^## \d\."
)

NUMBER = r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
THINGS = (
    "statement query querie row join table column byte millisecond second percent time index "
    "indexe constraint lock"
)
COUNT = re.compile(
    rf"\b({NUMBER}|dozens?|hundreds?|thousands?|millions?)( \w+)? ({THINGS.replace(' ', '|')})s?\b",
    re.IGNORECASE,
)
# what is told as a story, or is so by the number of variants: nobody measured it
STORIES = (
    # the title of a mission
    "One user, two profile rows",
    "same operation, four times",
    "then the four tables",
    "The four tables",
    # limits that `workbench diagnose` sets itself
    "after three seconds at most",
    "after seven seconds",
)

# an answer that nobody types by chance: an error's name, or some words
LONG = re.compile(r"([A-Z][a-z]+){2,}|(\S+\s+){3,}\S+")


def prose(text):
    for pattern in NOT_PROSE:
        text = pattern.sub(" ", text)
    return text


def sentences(path):
    return [" ".join(one.split()) for one in END.split(prose(path.read_text())) if one.strip()]


def name(path):
    return path.relative_to(PROJECT).as_posix()


def strings(answer):
    """The texts in an answer."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list):
        return {text for one in answer for text in strings(one)}
    return {answer} if isinstance(answer, str) else set()


@pytest.fixture(scope="module")
def answers():
    """The longer answers."""
    given = [answer for its in measured()["questions"] for answer in its["answers"].values()]
    found = {text for text in strings(given) if LONG.fullmatch(text)}
    assert "InconsistentMigrationHistory" in found
    return found


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_no_figure_is_typed_by_hand(path):
    is_lesson = path.parent.name == "instructors" or path.name == "nothing_to_install.md"
    exceptions = [FIGURES, LESSON] if is_lesson else [FIGURES]
    for sentence in sentences(path):
        left = CODE.sub("", sentence)
        for exception in exceptions:
            left = exception.sub("", left)
        assert not re.search(r"\d", left), f"{name(path)}: {sentence}"


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_nothing_is_counted_in_words_by_hand(path):
    for sentence in sentences(path):
        told = re.sub("|".join(map(re.escape, STORIES)), "", CODE.sub("", sentence))
        assert not COUNT.search(told), f"{name(path)}: {sentence}"


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_no_answer_is_typed_by_hand(path, answers):
    for sentence in sentences(path):
        typed = [one for one in answers if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", sentence)]
        assert typed == [], f"{name(path)}: {sentence}"


TYPED = {
    "It takes 3 statements.": test_no_figure_is_typed_by_hand,
    "The answer is 101.": test_no_figure_is_typed_by_hand,
    "The profile needs two more queries.": test_nothing_is_counted_in_words_by_hand,
    "It reads a hundred rows.": test_nothing_is_counted_in_words_by_hand,
    "It fails with InconsistentMigrationHistory.": test_no_answer_is_typed_by_hand,
    "It fails with `InconsistentMigrationHistory`.": test_no_answer_is_typed_by_hand,
}


@pytest.mark.parametrize("sentence", TYPED)
def test_what_is_typed_by_hand_is_seen(tmp_path, monkeypatch, answers, sentence):
    test = TYPED[sentence]
    page = tmp_path / "page.md"
    page.write_text(f"---\ntitle: A page\n---\n\n1. There are\n   [[ count() ]] rows. {sentence}\n")
    monkeypatch.setattr("test_site_prose.PROJECT", tmp_path)
    with pytest.raises(AssertionError, match=re.escape(f"page.md: {sentence}")):
        test(page, answers) if test is test_no_answer_is_typed_by_hand else test(page)
