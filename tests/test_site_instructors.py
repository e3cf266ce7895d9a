"""The instructor's manual: each minute has its work, each wrong answer its measured question."""

import re

import browser
import pytest

from workbench.notebook.break_it import MISSIONS
from workbench.paths import PROJECT

MANUAL = PROJECT / "docs" / "instructors"
# {plan: minutes}
PLANS = {"45_minutes": 45, "half_a_day": 240}
# {page: sheets of A4}
SHEETS = {"45_minutes": 2, "45_minutes_handout": 1, "half_a_day": 1, "half_a_day_handout": 2}
PAGE_OF_A_PDF = re.compile(rb"/Type\s*/Page\b")


def text(name):
    return (MANUAL / f"{name}.md").read_text(encoding="utf-8")


def rows(name):
    """The rows of a plan: minutes, do, show, ask."""
    found = re.findall(r"^\| (\d+)\W(\d+) \| (.*) \| (.*) \| (.*) \|$", text(name), re.MULTILINE)
    if name == "half_a_day":
        breaks = re.findall(r"^\| (\d+)\W(\d+) \| (Break\.) \| \| \|$", text(name), re.MULTILINE)
        found += [(*its, "", "") for its in breaks]
    return sorted((int(begin), int(end), *rest) for begin, end, *rest in found)


def questions(name, macro):
    return re.findall(rf'\[\[ {macro}\("(\w+)"', text(name))


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_says_what_to_do_in_each_minute(name):
    ends = [0, *(end for _, end, *_ in rows(name))]
    assert ends[:-1] == [begin for begin, *_ in rows(name)]
    assert ends[-1] == PLANS[name]


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_says_what_to_do_to_show_and_to_ask(name):
    for _, _, do, show, ask in rows(name):
        assert do == "Break." or (do and show and ask)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_has_a_preparation_a_wrap_up_a_handout_and_three_wrong_answers(name):
    for words in ("**Prepare", "**Wrap-up.**", "**Wrap-up, to read out:**", f"{name}_handout.md"):
        assert words in text(name)
    wrong = text(name).partition("**The three wrong answers to expect**")[2]
    assert len(re.findall(r'^\| ".*\."? \|', wrong, re.MULTILINE)) == 3


def test_the_lesson_has_the_answers_to_its_handout_and_to_its_wrong_answers():
    asked = questions("45_minutes_handout", "ask") + questions("45_minutes", "ask")
    assert set(asked) <= set(questions("45_minutes", "measured"))
    assert len(asked) > len(set(asked))


def test_each_misconception_is_refuted_by_a_measured_answer():
    _, *parts = re.split(r'^## ".*"$', text("misconceptions"), flags=re.MULTILINE)
    assert len(parts) >= 10
    for part in parts:
        assert "**Ask:**" in part
        assert "[[ measured(" in part
    found = questions("misconceptions", "measured")
    assert len(found) == len(set(found))


def test_the_handout_has_each_mission(built_site, chromium):
    page = browser.open_page(chromium, base_url=built_site)
    page.goto("instructors/half_a_day_handout/")
    for mission in MISSIONS.values():
        assert page.get_by_role("cell", name=mission["title"]).count() == 1


@pytest.mark.parametrize("name", SHEETS)
def test_it_prints_on_few_sheets(built_site, chromium, name):
    page = browser.open_page(chromium, base_url=built_site)
    with browser.watched(page, [built_site]) as wrong:
        page.goto(f"instructors/{name}/")
        printed = page.pdf(prefer_css_page_size=True)
    assert len(PAGE_OF_A_PDF.findall(printed)) == SHEETS[name]
    assert wrong == []
