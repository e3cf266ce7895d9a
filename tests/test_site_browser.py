"""The site in a real browser: choosing, filtering, searching, printing; by keyboard, on a phone."""

import json
import re
import statistics
from urllib.parse import urlencode

import browser
import pytest
from browser import tab_to
from playwright.sync_api import expect

from suite.questions import AREAS
from workbench.compare import results as comparison
from workbench.compare.answers import said
from workbench.compare.needs import all_needs, preferred, verdicts
from workbench.variants import VARIANTS

NEEDS = all_needs()
ALL_TABS = "tutorial/2-model/"
MORE_TABS = "tutorial/4-views/"
KEYSTROKE = 50  # milliseconds


@pytest.fixture(scope="module")
def measured(built_site):
    return comparison.load()


@pytest.fixture(scope="module")
def questions(measured):
    return measured["questions"]


@pytest.fixture(scope="module")
def readers_page(chromium, built_site):
    return browser.open_page(chromium, base_url=built_site)


@pytest.fixture
def page(readers_page, built_site):
    """The page of a reader who was never here; in the end it has complained of nothing.

    One for all tests: a warm one is twice as fast.
    """
    readers_page.set_viewport_size(browser.DESKTOP)
    readers_page.emulate_media(media="screen", color_scheme="light")
    readers_page.goto("")
    readers_page.evaluate("localStorage.clear()")
    with browser.watched(readers_page, [built_site]) as wrong:
        yield readers_page
    assert wrong == []


@pytest.fixture
def unscripted(chromium, built_site):
    """A page without JavaScript."""
    page = browser.open_page(chromium, base_url=built_site, java_script_enabled=False)
    with browser.watched(page, [built_site]) as wrong:
        yield page
    assert wrong == []
    page.context.close()


def in_address(page, **state):
    """Wait until the address holds this state and nothing else."""
    query = f"?{urlencode(state, doseq=True)}" if state else ""
    expect(page).to_have_url(re.compile(rf"[^?]*{re.escape(query)}$"))


def leads_to_evidence(page, link, question):
    link.click()
    expect(page).to_have_url(
        re.compile(rf"compare/{question['module']}/(\?h=.*)?#{question['id']}$")
    )
    expect(page.locator(f"h2#{question['id']}")).to_be_in_viewport()


# Choosing


@pytest.fixture(scope="module")
def need(measured):
    """A need that rules something out, with its verdicts."""
    wanted = next(need for need in NEEDS if need.rules_out)
    return wanted, verdicts([wanted], measured)


def tick(page, need):
    return page.get_by_role("checkbox", name=need.need, exact=True)


def expect_verdicts(page, wanted, found):
    """The verdict names what to take and why; below the table stands what rules the others out."""
    verdict = page.get_by_role("status", name="Verdict")
    variant, preference = preferred(wanted, found)
    expect(verdict.locator(".summary a").first).to_have_text(variant)
    expect(verdict).to_contain_text(preference.why)
    others = [one.variant for one in found if one.remains and one.variant != variant]
    expect(verdict.locator("small")).to_have_text(
        [f"Also possible: {', '.join(others)}."] * any(others)
    )
    taken = next(one for one in found if one.variant == variant)
    added = [str(working[0][0]) for _, _, working in taken.helped]
    expect(verdict.locator(".with")).to_have_text([f"Add {', '.join(added)}."] * any(added))
    reasons = page.locator("#reasons")
    out = [one for one in found if not one.remains]
    expect(reasons.locator(".out h3 s")).to_have_text([one.variant for one in out])
    for variant, failed in ((one.variant, one.failed) for one in out):
        section = reasons.locator(".out").filter(has=page.locator(f"s:text-is('{variant}')"))
        told = [f"{its['question']} {in_line(its['answers'][variant])}" for _, its in failed]
        expect(section.get_by_role("link")).to_have_text(told)
    return reasons


def in_line(answer):
    return said(answer).replace("\n", ", ")


def test_a_need_ticked_by_mouse_strikes_out_what_fails_it(page, need):
    wanted, found = need
    page.goto("choose/")
    expect(page.locator("#needs .struck")).to_have_count(0)
    tick(page, wanted).click()
    result = expect_verdicts(page, [wanted], found)
    out = next(one for one in found if not one.remains)
    expect(page.locator(f"#needs thead .struck[data-variant={out.variant}]")).to_be_visible()
    leads_to_evidence(page, result.get_by_role("link").first, out.failed[0][1])


def test_a_need_is_ticked_by_keyboard(page, need):
    wanted, found = need
    page.goto("choose/")
    tab_to(page, tick(page, wanted))
    page.keyboard.press("Space")
    expect_verdicts(page, [wanted], found)
    page.get_by_role("button", name="Untick all").press("Enter")
    expect(tick(page, NEEDS[0])).to_be_focused()
    expect(page.locator("#reasons .out")).to_have_count(0)


def test_the_address_keeps_the_ticked_needs(page, measured):
    one, other = NEEDS[1:3]
    page.goto(f"choose/?need={one.id}&need={other.id}")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    expect_verdicts(page, [one, other], verdicts([one, other], measured))
    tick(page, other).uncheck()
    in_address(page, need=one.id)
    expect_verdicts(page, [one], verdicts([one], measured))
    page.go_back()
    expect(tick(page, other)).to_be_checked()
    expect_verdicts(page, [one, other], verdicts([one, other], measured))


def test_the_verdict_names_what_to_add(page, measured):
    wanted = [it for it in NEEDS if it.id in ("running-project", "no-n-plus-1", "deleted-by-sql")]
    page.goto("choose/?" + urlencode([("need", its.id) for its in wanted]))
    found = verdicts(wanted, measured)
    assert next(one for one in found if one.variant == preferred(wanted, found)[0]).helped
    reasons = expect_verdicts(page, wanted, found)
    expect(reasons).not_to_contain_text("undefined")


def test_a_new_project_has_no_users(page):
    new, running = NEEDS[:2]
    page.goto("choose/")
    tick(page, new).check()
    tick(page, running).check()
    expect(tick(page, new)).not_to_be_checked()
    in_address(page, need=running.id)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_verdict_stays_in_sight(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("choose/")
    heights = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, heights, 500):
        page.evaluate("top => scrollTo(0, top)", top)
        expect(page.locator("#choice .summary")).to_be_in_viewport(ratio=1)


def test_ticking_does_not_push_the_ticked_row_away(page, need):
    wanted, _ = need
    page.goto("choose/")
    box = tick(page, wanted)
    box.evaluate("box => box.scrollIntoView({block: 'center'})")
    before = box.bounding_box()["y"]
    box.click()
    expect(page.locator("#reasons .out").first).to_be_attached()
    assert abs(box.bounding_box()["y"] - before) < 2


def test_on_a_phone_a_need_shows_its_answers_once_it_is_ticked(page, need):
    wanted, _ = need
    page.set_viewport_size(browser.PHONE)
    page.goto("choose/")
    row = page.get_by_role("row", name=wanted.need)
    expect(row.locator("td").first).to_be_hidden()
    tick(page, wanted).check()
    expect(row.locator("td").first).to_be_visible()


def test_who_needs_too_much_is_told_so(page):
    page.goto("choose/?" + urlencode([("need", its.id) for its in NEEDS]))
    status = page.get_by_role("status", name="Verdict")
    expect(status.locator(".summary")).to_contain_text("No approach does all of this")
    expect(page.locator("#reasons .out")).to_have_count(len(VARIANTS))


def test_without_javascript_choosing_is_a_table(unscripted, measured):
    unscripted.goto("choose/")
    rows = unscripted.locator("#needs tbody tr")
    expect(rows).to_have_count(len(NEEDS))
    expect(unscripted.get_by_role("checkbox")).to_have_count(0)
    for row, need in zip(rows.all(), NEEDS, strict=True):
        found = verdicts([need], measured)
        marks = ["fails" if it.failed else "costs" if it.helped else "fits" for it in found]
        expect(row.locator("td")).to_have_class(marks)
    place = next(place for place, need in enumerate(NEEDS) if need.rules_out)
    out = next(one for one in verdicts([NEEDS[place]], measured) if not one.remains)
    leads_to_evidence(unscripted, rows.nth(place).get_by_role("link").first, out.failed[0][1])


# Filtering

SHOWN = "() => [...document.querySelectorAll('#questions tr[id]')]" + (
    ".filter(row => row.checkVisibility()).map(row => row.id)"
)
FILTERS = {"Area": "area", "Mark": "mark", "Only where these differ": "differ"}
COUNT = "#question-count"


@pytest.fixture(scope="module")
def rows(questions):
    """All rows of the comparison: those that matter most, then by area, of every Django."""
    every = {its["id"]: its for its in questions}
    for django in comparison.recorded_djangos():
        for its in comparison.load(django)["questions"]:
            every.setdefault(its["id"], its)
    by_area = sorted(every.values(), key=lambda its: AREAS.index(its["module"]))
    return sorted(by_area, key=lambda its: not its["top"])


def filtered(page, rows, questions, fits):
    """Wait until the page says that it shows those that fit; the proof that it does."""
    asked = {its["id"] for its in questions}
    wanted = [its["id"] for its in rows if its["id"] in asked and fits(its)]
    assert 0 < len(wanted) < len(rows)
    expect(page.locator(COUNT)).to_contain_text(f"{len(wanted)} of {len(rows)} questions")
    assert page.evaluate(SHOWN) == wanted


def differs(a, b):
    return lambda its: (
        json.dumps(its["answers"][a], sort_keys=True)
        != json.dumps(its["answers"][b], sort_keys=True)
    )


def test_the_questions_that_matter_most_come_first(page, questions):
    page.goto("compare/")
    top = [its["id"] for its in questions if its["top"]]
    assert len(top) == 20
    expect(page.locator(COUNT)).to_contain_text("answered by Django")
    assert page.evaluate(SHOWN)[:20] == top


def test_words_find_questions_best_first(page):
    page.goto("compare/")
    words = page.get_by_role("searchbox", name="Words")
    words.fill("User has no profile.")
    expect(page.locator("#questions tbody:not([hidden]) .area").first).to_have_text(
        "Best hits first"
    )
    found = page.evaluate(SHOWN)
    assert "login_without_row_under_the_articles_signal" in found[:4]
    words.fill("")
    expect(page.locator("#questions tbody:not([hidden]) .area").first).not_to_have_text(
        "Best hits first"
    )


@pytest.mark.parametrize(
    ("label", "value", "fits"),
    [
        ("Area", "locks", lambda its: its["module"] == "locks"),
        ("Mark", "surprising", lambda its: its["mark"] == "surprising"),
        ("Only where these differ", "13", differs("profile_onetoone", "foreignkey")),
    ],
)
def test_questions_are_filtered(page, rows, questions, label, value, fits):
    page.goto("compare/")
    page.get_by_text("More filters").click()
    page.get_by_label(label).select_option(value)
    filtered(page, rows, questions, fits)
    in_address(page, **{FILTERS[label]: value})
    reset = page.get_by_role("button", name="Show all again")
    reset.click()
    expect(page.locator(COUNT)).to_contain_text(f"{len(questions)} of")
    in_address(page)
    expect(reset).to_be_hidden()


def test_filters_add_up_and_the_address_keeps_them(page, rows, questions):
    pair = differs("profile_onetoone", "custom_user")

    def fits(its):
        return its["mark"] == "useful" and pair(its)

    page.goto("compare/?mark=useful&differ=12")
    filtered(page, rows, questions, fits)
    page.get_by_label("Area").select_option("admin")
    in_address(page, area="admin", mark="useful", differ="12")
    page.go_back()
    filtered(page, rows, questions, fits)
    expect(page.get_by_label("Area")).to_have_value("")


def test_who_finds_nothing_is_told_what_to_do(page):
    page.goto("compare/?q=zzzqqq")
    expect(page.locator(COUNT)).to_contain_text("No question fits")
    assert page.evaluate(SHOWN) == []


def test_a_hidden_column_stays_hidden_in_the_address(page):
    page.goto("compare/")
    page.get_by_text("More filters").click()
    page.get_by_role("checkbox", name="proxy_model").uncheck()
    in_address(page, hide="proxy_model")
    page.reload()
    expect(page.get_by_role("columnheader", name="proxy_model")).to_be_hidden()
    expect(page.get_by_role("columnheader", name="custom_user")).to_be_visible()


def test_another_django_shows_its_answers_and_the_old_ones(page):
    change = next(comparison.changed_answers())
    page.goto("compare/")
    page.get_by_role("combobox", name="Django").select_option(change.django)
    in_address(page, django=change.django)
    cell = page.locator(f"tr[id={change.id}] td[data-variant={change.variant}]")
    expect(cell).to_contain_text(said(change.after).splitlines()[0])
    expect(cell.locator(".was")).to_contain_text(said(change.before).splitlines()[0])
    expect(page.locator(f"tr[id={change.id}] .changed").first).to_contain_text("Changed in Django")


def test_a_row_opens_to_its_evidence_in_place_by_keyboard(page, questions):
    question = questions[-1]
    page.goto(f"compare/#{question['id']}")
    row = page.locator(f"tr[id={question['id']}]")
    expect(row).to_be_in_viewport()
    link = row.get_by_role("link").first
    link.press("Enter")
    expect(link).to_have_attribute("aria-expanded", "true")
    below = page.locator(f"tr[id={question['id']}] + tr.opened")
    expect(below.locator("pre").first).to_be_visible()
    link.press("Enter")
    expect(below).to_have_count(0)


def test_a_row_leads_to_its_evidence_without_javascript(unscripted, questions):
    question = questions[-1]
    unscripted.goto("compare/")
    link = unscripted.locator(f"tr[id={question['id']}]").get_by_role("link").first
    leads_to_evidence(unscripted, link, question)


WATCH_KEYS = """() => {
    window.waited = [];
    document.addEventListener("input", ({timeStamp}) => requestAnimationFrame(
        () => setTimeout(() => waited.push(performance.now() - timeStamp))), true);
}"""


def test_a_keystroke_in_the_search_is_answered_at_once(page):
    page.keyboard.press("/")
    page.keyboard.type("signal")
    expect(page.locator("#find-hits a").first).to_be_visible()  # the index is loaded
    page.evaluate(WATCH_KEYS)
    for pressed, key in enumerate([*" receiver", *["Backspace"] * 6], start=1):
        page.keyboard.press(key)
        page.wait_for_function("pressed => waited.length === pressed", arg=pressed)
    assert statistics.median(page.evaluate("waited")) < KEYSTROKE


# Tabs

CHOSEN = """() => [...document.querySelectorAll(".tabbed-set")].map(set => {
    const labels = [...set.querySelectorAll(":scope > .tabbed-labels > label")];
    const names = labels.map(label => label.textContent.trim());
    const shown = [...set.querySelectorAll(":scope > .tabbed-content > .tabbed-block")]
        .map(block => block.checkVisibility());
    return [names, names.filter((_, place) => shown[place])];
})"""


def test_tabs_switch_together_and_are_remembered_on_the_next_page(page):
    chosen = "foreignkey"
    page.goto(ALL_TABS)
    sets = [shown for names, shown in page.evaluate(CHOSEN) if chosen in names]
    assert len(sets) > 1
    assert [chosen] not in sets
    page.locator(".tabbed-labels").get_by_text(chosen, exact=True).first.click()
    for address in (ALL_TABS, MORE_TABS):
        sets = [shown for names, shown in page.evaluate(CHOSEN) if chosen in names]
        assert sets
        assert all(shown == [chosen] for shown in sets), address
        page.goto(MORE_TABS)


# Searching


def test_the_search_finds_a_question_by_its_words(page, questions):
    question = next(its for its in questions if its["id"] == "login_waits_for_an_open_edit")
    page.keyboard.press("/")
    page.keyboard.type("login waits for uncommitted edit of birthdate")
    found = page.locator(f"#find-hits a[href$='#{question['id']}']")
    expect(found.locator("strong")).to_have_text(question["question"])
    leads_to_evidence(page, found, question)


def test_a_pasted_traceback_finds_its_error(page):
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Words, or an error").fill(
        "Traceback (most recent call last):\n  File 'x.py', line 1, in login\n"
        "accounts.models.RelatedObjectDoesNotExist: User has no profile."
    )
    expect(page.locator("#find-told")).to_contain_text("for this error")
    expect(page.locator("#find-hits")).to_contain_text(
        "RelatedObjectDoesNotExist: User has no person."
    )


def test_the_search_is_walked_by_arrows_and_closes_with_escape(page):
    page.keyboard.press("s")
    words = page.get_by_label("Words, or an error")
    expect(words).to_be_focused()
    page.keyboard.type("signal")
    expect(page.locator("#find-hits a").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#find-hits a").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(words).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#find-dialog")).to_be_hidden()


def test_an_empty_search_says_what_to_try(page):
    page.keyboard.press("/")
    expect(page.locator("#find-told")).to_contain_text("paste a traceback")
    page.keyboard.type("zzzqqq")
    expect(page.locator("#find-told")).to_contain_text("Nothing was found")


# Evidence


def test_folded_evidence_opens_and_shows_the_sql(page, questions):
    question = next(its for its in questions if its["id"] == "queries_of_a_naive_list")
    page.goto(f"compare/{question['module']}/#{question['id']}")
    evidence = page.locator(f"h2#{question['id']} ~ details").first
    statement = evidence.locator("pre.sql").first
    expect(statement).to_be_hidden()
    tab_to(page, evidence.locator("summary"))
    page.keyboard.press("Enter")
    expect(statement).to_be_visible()
    kept = question["evidence"]["proxy_model"]
    expect(statement).to_contain_text(next(text for kind, text in kept if kind == "sql"))


# Printing

AT_PRINT = """() => addEventListener("beforeprint", () => {
    const unseen = (one) => !one.checkVisibility() || !one.getBoundingClientRect().height;
    const folded = [...document.querySelectorAll(".md-content details > *")].filter(unseen);
    const nameless = [...document.querySelectorAll(".tabbed-block")].filter((block) => {
        const place = [...block.parentElement.children].indexOf(block);
        const label = block.closest(".tabbed-set").querySelectorAll("label")[place];
        return unseen(block) || unseen(label)
            || label.getBoundingClientRect().bottom > block.getBoundingClientRect().top + 1;
    });
    window.missing = [...folded, ...nameless].map((one) => one.outerHTML.slice(0, 200));
})"""


@pytest.mark.parametrize("address", [ALL_TABS, "compare/locks/"])
def test_print_shows_all_tabs_below_their_names_and_what_is_folded(page, address):
    page.goto(address)
    there = page.locator(".tabbed-block, .md-content details")
    assert there.count() > 1
    page.emulate_media(media="print")
    page.evaluate(AT_PRINT)
    assert page.pdf().startswith(b"%PDF")
    assert page.evaluate("window.missing") == []
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.locator(".md-content details[open]")).to_have_count(0)


# By keyboard, and on a phone


def test_the_first_tab_leads_past_the_menu(page):
    page.goto("approaches/custom_user/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.md-content') !== null")


def test_the_menu_opens_on_a_phone_and_leads_on(page):
    page.set_viewport_size(browser.PHONE)
    link = page.get_by_role("navigation", name="Navigation").get_by_role(
        "link", name="Choose", exact=True
    )
    expect(link).not_to_be_in_viewport()
    page.locator("label.md-header__button[for=__drawer]").click()
    expect(link).to_be_in_viewport()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Which approach should I take?")


def test_the_colours_can_be_changed_and_are_remembered(page):
    body = page.locator("body")
    expect(body).to_have_attribute("data-md-color-scheme", "default")
    for choice in ("To the light colours", "To the dark colours"):
        page.get_by_title(choice).click()
    expect(body).to_have_attribute("data-md-color-scheme", "slate")
    page.goto("choose/")
    expect(body).to_have_attribute("data-md-color-scheme", "slate")


# Beside the running sites


def test_each_page_links_to_the_sites_that_run_beside_it(page, beside):
    for address in ("", "compare/locks/", "decisions/"):
        page.goto(address)
        bar = page.get_by_role("navigation", name="The running sites")
        expect(bar.get_by_role("link")).to_have_text(list(VARIANTS))
        links = [one.get_attribute("href") for one in bar.get_by_role("link").all()]
        assert links == [f"http://127.0.0.1:{beside[name]}/" for name in VARIANTS]


def test_the_page_for_what_is_not_found_leads_back(chromium, built_site):
    page = browser.open_page(chromium, base_url=built_site)
    answers = []
    page.on("response", lambda its: answers.append((its.status, its.url)))
    lost = f"{built_site}no/such/page/"
    page.goto(lost)
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.locator("[data-find]").click()
    expect(page.get_by_label("Words, or an error")).to_have_value("page")
    page.keyboard.press("Escape")
    page.get_by_role("navigation", name="Tabs").get_by_role("link", name="Choose").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Which approach should I take?")
    assert [url for status, url in answers if status >= 400] == [lost]
    page.context.close()
