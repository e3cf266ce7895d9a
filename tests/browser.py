"""The browser that tests drive: which one there is, and how to look at a page as people do."""

import contextlib
import functools
import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

LEFT_OUT = (
    "Tests in a real browser need one: "
    "run `.venv/bin/playwright install chromium`, or install the Debian package chromium."
)
ON_THE_SYSTEM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--disable-gpu", "--disable-quic", "--disable-sync"]
PATIENCE = 30_000  # milliseconds

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 860}
NOT_OURS = "/favicon.ico"  # browsers ask for it on Django's own pages, which name no icon

expect.set_options(timeout=PATIENCE)


def on_the_system():
    """The path of a Chromium that is installed on this machine, or None."""
    return next(filter(None, map(shutil.which, ON_THE_SYSTEM)), None)


@functools.cache
def is_there():
    if on_the_system():
        return True
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


@contextlib.contextmanager
def running():
    """A browser: the system's, else Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=on_the_system(), args=FLAGS)
        yield browser
        browser.close()


def open_page(browser, **options):
    """A page in a context of its own: with no cookies but those that options name."""
    context = browser.new_context(
        viewport=DESKTOP, locale="en-US", reduced_motion="reduce", **options
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


@contextlib.contextmanager
def watched(page, own):
    """A growing list of what the page complains of, and of what it asks of other hosts.

    own holds the beginnings of the addresses that are no other host's.
    """
    wrong = []

    def asked(request):
        if not request.url.startswith((*own, "data:")):
            wrong.append(request.url)

    def said(message):
        if message.type == "error" and not message.location["url"].endswith(NOT_OURS):
            wrong.append(message.text)

    listeners = {"request": asked, "console": said, "pageerror": lambda it: wrong.append(str(it))}
    for event, listener in listeners.items():
        page.on(event, listener)
    yield wrong
    for event, listener in listeners.items():
        page.remove_listener(event, listener)


def field(page, label):
    return page.get_by_label(f"{label}:", exact=True)


def link(page, name):
    return page.get_by_role("navigation").get_by_role("link", name=name)


def heading(page, text):
    return page.get_by_role("heading", name=text, exact=True, level=1)


def send(page, values):
    """Fill the form and press Enter in its last field. A field that is disabled is left alone."""
    fields = [(field(page, label), value) for label, value in values.items()]
    enabled = [(box, value) for box, value in fields if box.is_enabled()]
    for box, value in enabled:
        box.fill(value)
    enabled[-1][0].press("Enter")


def tab_to(page, place):
    """Press Tab until that place has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if place.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"Tab does not reach {place}")


LOOKS = [(PHONE, "light"), (DESKTOP, "dark")]  # no rule of ours depends on both at once
AXE = Axe()
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
WIDER = "() => document.documentElement.scrollWidth - innerWidth"


def faults(page):
    """What is wrong with the page, in sentences: by size, by colours, by keyboard."""
    looks = flaws(page)
    return looks + [f"Tab does not lead to {stop}, or does not show it" for stop in missed(page)]


def flaws(page, looks=LOOKS):
    """What is wrong with the page's looks, in sentences, by size and by colours."""
    page.evaluate(AXE.axe_script)
    found = []
    for size, scheme in looks:
        put_on(page, (size, scheme))
        look = f"{size['width']} {scheme}"
        if (wider := page.evaluate(WIDER)) > 0:
            found.append(f"{look}: {wider} pixels too wide")
        violations = page.evaluate("rules => axe.run(rules)", RULES)["violations"]
        found += [f"{look}: {told(violation)}" for violation in violations]
    return found


def put_on(page, look):
    """Give the page this size and these colours."""
    size, scheme = look
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)


def told(violation):
    places = [node["html"] + " " + node["failureSummary"] for node in violation["nodes"]]
    return re.sub(r"\s+", " ", f"{violation['help']}: {'; '.join(places)}")


WATCH_FOCUS = """() => {
    const usable = document.querySelectorAll('a[href], button, input:not([type=hidden])');
    window.missed = new Set([...usable].filter(one => !one.disabled));
    document.addEventListener('focusin', ({target}) => {
        const style = getComputedStyle(target);
        if (style.boxShadow !== 'none' || style.outlineStyle !== 'none')
            window.missed.delete(target);
    });
    return window.missed.size;
}"""
MISSED = "() => [...window.missed].map(one => one.outerHTML)"
PARTS_OF_A_DATE = 4


def missed(page):
    """The links, buttons and fields that Tab does not come to, or that do not show that it has."""
    for _ in range(page.evaluate(WATCH_FOCUS) + PARTS_OF_A_DATE):
        page.keyboard.press("Tab")
    return page.evaluate(MISSED)
