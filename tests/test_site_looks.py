"""Every page of the site as it is seen: by axe, on a phone, by day and by night, on a slow line."""

import functools
import gzip
import urllib.request
from contextlib import ExitStack, contextmanager
from urllib.parse import urldefrag

import browser
import built
import pytest
from browser import PHONE
from sample import sample

# bytes over the wire of the first view
LIGHT = 1_000_000
HEAVY = "playground/"
AT_ONCE = 6
AFTERWARDS = 500  # milliseconds in which a page's scripts may ask for more
PACKED = (".png", ".woff2", ".wasm", ".gz")


def tick_a_need(page):
    page.get_by_role("checkbox").first.check()


def open_evidence(page):
    for summary in page.locator("details.evidence > summary").all()[:2]:
        summary.click()


def search(page):
    page.keyboard.press("/")
    page.keyboard.type("deleting a user")
    page.locator("#find-hits a").first.wait_for()


def open_a_row(page):
    page.locator("#questions tr[id]:not([hidden]) > th > a").first.click()
    page.locator("#questions tr.opened pre").first.wait_for()


# {what kind of page: (an address of it, what is done before one looks)}
KINDS = {
    "home": ("", None),
    "home, searching": ("", search),
    "choose": ("choose/", None),
    "choose, with a need": ("choose/", tick_a_need),
    "tutorial": ("tutorial/", None),
    "a step": ("tutorial/4-views/", None),
    "an approach": ("approaches/custom_user/", None),
    "the article": ("article/", None),
    "compare": ("compare/?area=locks&django=6.1", open_a_row),
    "errors": ("errors/", None),
    "an area": ("compare/locks/", None),
    "an area, unfolded": ("compare/locks/", open_evidence),
    "the same operation": ("roster/", None),
    "schemas": ("schemas/", None),
    "a schema": ("schemas/foreignkey/", None),
    "notebooks": ("notebooks/", None),
    "a notebook": ("notebooks/3_custom_user/", None),
    "the quiz": ("quiz/", None),
    "for instructors": ("instructors/", None),
    "a lesson plan": ("instructors/45_minutes/", None),
    "a handout": ("instructors/half_a_day_handout/", None),
    "misconceptions": ("instructors/misconceptions/", None),
    "for developers": ("developers/", None),
    "commands": ("developers/commands/", None),
    "adding to it": ("developers/extend/", None),
    "changes": ("developers/changelog/", None),
    "decisions": ("decisions/", None),
    "a decision": ("decisions/0007-databases-are-marked/", None),
    "not found": ("404.html", None),
}
# what is more than prose
SAMPLE = [
    "home, searching",
    "choose, with a need",
    "a step",
    "compare",
    "an area, unfolded",
    "a notebook",
    "not found",
]


@pytest.fixture(scope="module")
def readers_page(chromium, built_site):
    return browser.open_page(chromium, base_url=built_site)


@pytest.mark.parametrize("kind", sample(KINDS, SAMPLE))
def test_nothing_is_wrong_with_a_kind_of_page(readers_page, built_site, kind):
    address, done = KINDS[kind]
    with browser.watched(readers_page, [built_site]) as wrong:
        for look in browser.LOOKS:
            browser.put_on(readers_page, look)
            readers_page.goto(address)
            if done:
                done(readers_page)
            wrong += browser.flaws(readers_page, [look])
    assert wrong == []


# Every page


@contextmanager
def asking(page):
    """A growing set of what the page asks for."""
    asked = set()
    page.on("request", listener := lambda request: asked.add(urldefrag(request.url).url))
    yield asked
    page.remove_listener("request", listener)


def look(some, own):
    """Open these addresses, each in a tab; {address: (what it asked for, what is wrong)}."""
    found = {}
    with ExitStack() as stack:
        for tab, address in some:
            asked = stack.enter_context(asking(tab))
            wrong = stack.enter_context(browser.watched(tab, [own]))
            tab.goto(address, wait_until="commit")
            found[address] = (asked, wrong)
        for tab, _ in some:
            tab.wait_for_load_state("load")
        tab.wait_for_timeout(AFTERWARDS)
        for tab, address in some:
            if (wider := tab.evaluate(browser.WIDER)) > 0:
                found[address][1].append(f"{wider} pixels too wide")
    return found


def phone(chromium, built_site):
    """A page of somebody's who keeps nothing from one page to the next."""
    page = browser.open_page(chromium, base_url=built_site)
    page.set_viewport_size(PHONE)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    return page


@pytest.fixture(scope="module")
def addresses(request):
    """The address of each page; without --all, of every fourth."""
    found = [page.path.removesuffix("index.html") for page in built.pages()]
    return found if request.config.getoption("all") else found[::4]


@pytest.fixture(scope="module")
def seen(chromium, built_site, addresses):
    """Each page by its address, as a phone shows it: what it asked for, and what is wrong."""
    left = list(addresses)
    tabs = [phone(chromium, built_site) for _ in range(AT_ONCE)]
    found = {}
    while left:
        found |= look([(tab, left.pop()) for tab in tabs if left], built_site)
    for tab in tabs:
        tab.context.close()
    return found


def test_no_page_is_too_wide_or_asks_another_host_or_complains(seen, addresses):
    assert len(seen) == len(addresses) > 20
    assert {address: wrong for address, (_, wrong) in seen.items() if wrong} == {}


@functools.cache
def sent(url):
    """The bytes of what is at an address, over the wire."""
    with urllib.request.urlopen(url) as response:
        body = response.read()
    packed = url.partition("?")[0].endswith(PACKED)
    return len(body) if packed else len(gzip.compress(body))


def test_the_first_view_of_a_page_is_light(seen, built_site):
    heavy = {}
    for address, (asked, _) in seen.items():
        assert f"{built_site}{address}" in asked
        weight = sum(sent(url) for url in asked if url.startswith(built_site))
        if weight > LIGHT and address != HEAVY:
            heavy[address] = weight
    assert heavy == {}
