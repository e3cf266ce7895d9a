"""The quiz: choices from measured answers, a draw that the address keeps, a key on paper."""

import re
from collections import Counter

import browser
import pytest
from browser import tab_to
from playwright.sync_api import expect

from suite.compare import CANNOT
from workbench.compare import results
from workbench.compare.answers import in_line
from workbench.site import quiz
from workbench.variants import VARIANTS

QUESTIONS = results.load()["questions"]
ITEMS = {item.question["id"]: item for item in quiz.items(QUESTIONS)}
COUNT = 10
DRAW = "quiz/?draw=4821"
WHO = re.compile(r"Choose the approaches that answer “(.+?)”\.")
WHAT = re.compile(r"Choose the answer of ([\w, ]+)\.")


# What is asked, worked out again from the answers


def named(text):
    """The approaches that a choice or a sentence names."""
    return set(VARIANTS) if text == "all four" else {name for name in VARIANTS if name in text}


def who(question, text):
    return {name for name in VARIANTS if in_line(question["answers"][name]) == text}


def test_there_are_many_questions_from_many_areas():
    assert len(of("surprises")) >= 100
    assert len({item.question["module"] for item in of("surprises").values()}) >= 12


def of(level):
    return {name: item for name, item in ITEMS.items() if item.level == level}


def test_the_level_after_the_tutorial_asks_what_is_known():
    assert len(of("tutorial")) >= 3 * COUNT
    assert {item.question["mark"] for item in of("tutorial").values()} == {"known"}
    assert {item.question["mark"] for item in of("surprises").values()} == {"surprising"}


@pytest.mark.parametrize("name", ITEMS)
def test_one_choice_is_right_and_all_others_are_wrong(name):
    item = ITEMS[name]
    assert len(set(item.choices)) == len(item.choices) in (3, 4)
    answers = item.question["answers"]
    if asked := WHO.match(item.ask):
        right = who(item.question, asked[1])
        assert [named(choice) == right for choice in item.choices] == is_at(item)
        impossible = {name for name in VARIANTS if answers[name] == CANNOT}
        assert named(item.ask.partition("”.")[2]) == impossible
        assert not any(named(choice) & impossible for choice in item.choices)
    else:
        asked = named(WHAT.fullmatch(item.ask)[1])
        texts = {in_line(answers[name]) for name in asked}
        assert [{choice} == texts for choice in item.choices] == is_at(item)
        assert in_line(CANNOT) not in item.choices


def is_at(item):
    return [place == item.right for place in range(len(item.choices))]


GROUPS = {frozenset(who(its, in_line(one))) for its in QUESTIONS for one in its["answers"].values()}
NO_YES = {frozenset(who(its, "yes")) for its in QUESTIONS if False in its["answers"].values()}


@pytest.mark.parametrize("name", ITEMS)
def test_each_choice_was_measured(name):
    item = ITEMS[name]
    if WHO.match(item.ask):
        assert {frozenset(named(choice)) for choice in item.choices} <= GROUPS | NO_YES
    else:
        kind = [item.question, *in_the_same_unit(item.question["question"])]
        assert {in_line(one) for its in kind for one in its["answers"].values()} >= {*item.choices}


def in_the_same_unit(question):
    """The questions that count the same, such as rows."""
    if found := re.search(r"how many (\w+)", question, re.IGNORECASE):
        words = f"how many {found[1].lower()}"
        return [its for its in QUESTIONS if words in its["question"].lower()]
    return []


def test_no_letter_is_a_good_guess():
    counted = Counter(item.letter for item in ITEMS.values())
    assert max(counted.values()) < len(ITEMS) / 2


# In a browser


@pytest.fixture(scope="module")
def readers_page(chromium, built_site):
    return browser.open_page(chromium, base_url=built_site)


@pytest.fixture
def page(readers_page, built_site):
    """The page of a reader; in the end it has complained of nothing, and asked no other host."""
    readers_page.set_viewport_size(browser.DESKTOP)
    readers_page.emulate_media(media="screen", color_scheme="light")
    with browser.watched(readers_page, [built_site]) as wrong:
        yield readers_page
    assert wrong == []


def drawn(page):
    """The questions that are shown, as [(their place, their item)]."""
    shown = page.locator("#quiz > li:visible")
    expect(shown).to_have_count(COUNT)
    return [(place, ITEMS[place.get_attribute("data-id")]) for place in shown.all()]


def ids(page):
    return [item.question["id"] for _, item in drawn(page)]


def choose(place, choice):
    place.locator(".choices button").nth(choice).click()


def wrong_choice(item):
    return next(number for number in range(len(item.choices)) if number != item.right)


def told(page):
    return page.get_by_role("status").filter(has_text="answered")


def test_a_draw_is_in_the_address(page, chromium, built_site):
    page.goto("quiz/")
    expect(page).to_have_url(re.compile(r"quiz/\?draw=\d{4}$"))
    mine, address = ids(page), page.url
    assert max(Counter(ITEMS[name].question["module"] for name in mine).values()) <= 2
    expect(page.locator("#quiz-address")).to_have_attribute("href", address)
    classmate = browser.open_page(chromium, base_url=built_site)
    classmate.goto(address)
    assert ids(classmate) == mine
    classmate.context.close()


def test_others_can_be_drawn_and_the_way_back_works(page):
    page.goto(DRAW)
    first = ids(page)
    page.get_by_role("button", name="Draw ten others").last.click()
    expect(page).not_to_have_url(re.compile("4821"))
    assert ids(page) != first
    expect(drawn(page)[0][0].locator("button").first).to_be_focused()
    page.go_back()
    expect(page).to_have_url(re.compile("4821"))
    assert ids(page) == first


def test_a_level_asks_its_own_questions_and_another_draw_keeps_it(page):
    page.goto("quiz/")
    page.get_by_role("link", name="After the tutorial").click()
    expect(page).to_have_url(re.compile(r"quiz/\?draw=\d{4}&level=tutorial$"))
    first = ids(page)
    assert set(first) <= of("tutorial").keys()
    page.get_by_role("button", name="Draw ten others").last.click()
    assert set(ids(page)) <= of("tutorial").keys()
    assert ids(page) != first
    page.get_by_role("link", name="What surprises people").click()
    assert set(ids(page)) <= of("surprises").keys()


DRAWS = """() => Array.from({length: 50}, (_, number) => {
    history.replaceState(null, "", `?draw=${1000 + number}`);
    dispatchEvent(new PopStateEvent("popstate"));
    return [...document.querySelectorAll("#quiz > li:not([hidden])")].map(one => one.dataset.id);
})"""


def test_many_draws_ask_most_of_the_questions(page):
    page.goto(DRAW)
    seen = {name for draw in page.evaluate(DRAWS) for name in draw}
    assert seen <= of("surprises").keys()
    assert len(seen) > len(of("surprises")) * 0.8


def test_a_right_choice_shows_the_reason_and_its_evidence(page):
    page.goto(DRAW)
    place, item = drawn(page)[0]
    expect(place.locator(".why")).to_be_hidden()
    choose(place, item.right)
    expect(told(page)).to_have_text(f"Right. 1 of {COUNT} answered, 1 right.")
    expect(place.locator(".choices .right")).to_have_text(re.compile("✓ right"))
    expect(place.locator(".choices .wrong")).to_have_count(0)
    expect(place.locator(".why")).to_contain_text(item.question["so_what"].replace("`", ""))
    place.get_by_role("link", name="See what ran").click()
    expect(page).to_have_url(re.compile(f"#{item.question['id']}$"))
    expect(page.locator(f"h2#{item.question['id']}")).to_be_in_viewport()


def test_a_wrong_choice_shows_the_right_one_and_stays(page):
    page.goto(DRAW)
    place, item = drawn(page)[0]
    choose(place, wrong_choice(item))
    place.locator(".choices button").nth(item.right).click(force=True)
    expect(told(page)).to_have_text(
        f"Wrong: {item.letter} is right. 1 of {COUNT} answered, 0 right."
    )
    choices = place.locator(".choices > li")
    expect(choices.nth(item.right)).to_have_text(re.compile("✓ this is right"))
    expect(choices.nth(wrong_choice(item))).to_have_text(re.compile("✗ your choice"))


@pytest.mark.parametrize("size", [browser.PHONE, browser.DESKTOP], ids=["phone", "desktop"])
def test_ten_answers_by_keyboard_give_a_score(page, size):
    page.set_viewport_size(size)
    page.goto(DRAW)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for number, (place, item) in enumerate(drawn(page)):
        choice = wrong_choice(item) if number < 3 else item.right
        button = place.locator(".choices button").nth(choice)
        tab_to(page, button)
        page.keyboard.press("Enter")
        expect(button).to_be_focused()
        expect(button).to_be_in_viewport()
    expect(told(page)).to_have_text(f"Right. All answered: {COUNT - 3} of {COUNT} right.")
    expect(told(page)).to_be_in_viewport()


@pytest.mark.parametrize("answered", [False, True], ids=["asked", "answered"])
def test_nothing_is_wrong_with_its_looks(page, answered):
    page.goto(DRAW)
    if answered:
        for number, (place, item) in enumerate(drawn(page)):
            choose(place, item.right if number % 2 else wrong_choice(item))
    assert browser.flaws(page) == []


def test_on_paper_the_key_is_on_a_page_of_its_own(page):
    page.goto(DRAW)
    items = [item for _, item in drawn(page)]
    choose(drawn(page)[0][0], items[0].right)
    page.emulate_media(media="print", color_scheme="dark")
    without = pages_of(page, hide="section.quiz-key")
    expect(page.locator("section.quiz-key")).to_have_css("break-before", "page")
    lines = page.locator("#quiz-key > li:visible")
    expect(lines).to_have_text(
        [re.compile(f"^{item.letter}: {re.escape(item.answer)}\\.") for item in items]
    )
    for hidden in (".why", ".quiz-score", ".choices small", ".buttons"):
        expect(page.locator(f"{hidden}:visible")).to_have_count(0)
    for place in ("h1", ".ask", ".choices button"):
        expect(page.locator(f"{place}:visible").first).to_have_css("color", "rgb(0, 0, 0)")
    assert pages_of(page) == without + 1 <= 4


def pages_of(page, hide="#none"):
    """How many sheets of paper the page takes without what is hidden."""
    style = page.add_style_tag(content=f"{hide} {{ display: none !important }}")
    found = len(re.findall(rb"/Type /Page\b", page.pdf(format="A4")))
    style.evaluate("element => element.remove()")
    return found


def test_without_javascript_all_questions_have_folded_answers(chromium, built_site):
    page = browser.open_page(chromium, base_url=built_site, java_script_enabled=False)
    page.goto("quiz/")
    expect(page.locator("#quiz > li:visible")).to_have_count(len(ITEMS))
    expect(page.locator("article button:visible")).to_have_count(0)
    place = page.locator("#quiz > li").first
    item = ITEMS[place.get_attribute("data-id")]
    reason = place.get_by_text(item.question["so_what"].replace("`", ""))
    expect(reason).to_be_hidden()
    place.get_by_text("Answer", exact=True).click()
    expect(reason).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#quiz-key > li:visible")).to_have_count(len(ITEMS))
    page.context.close()
