"""The four sites in a real browser, by keyboard, on a phone and on a desk, light and dark."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack

import browser
import pytest
from browser import field, heading, link, send, tab_to
from playwright.sync_api import expect
from sample import sample

from workbench.paths import PROJECT
from workbench.schema import tables
from workbench.server import postgres
from workbench.server.databases import DEMO
from workbench.variants import VARIANTS

PLAYER = "arannis"
NEWCOMER = "merric.goodbarrel"
PASSWORD = "The dragon sleeps at 9"
ANOTHER = "The dragon wakes at noon"
REGISTRATION = {
    "Username": NEWCOMER,
    "Email address": "merric@example.org",
    "Password": PASSWORD,
    "Password confirmation": PASSWORD,
}
EXTRAS = {"Birthdate": "1990-02-03", "Discord ID": "80351110224678912", "Zoom ID": "8173645291"}
FAULTY = {
    "Username": PLAYER.upper(),
    "Email address": "merric@example.org",
    "Password": PASSWORD,
    "Password confirmation": PASSWORD,
    "Discord ID": "merric#1234",
}
TAKEN = "A user with that username already exists."
NO_EXTRAS = "proxy_model"
APPROACHES = {
    "proxy_model": "proxy model",
    "profile_onetoone": "OneToOne profile",
    "custom_user": "custom user model",
    "foreignkey": "ForeignKey profile",
}


@pytest.fixture(scope="module")
def strangers_page(chromium):
    return browser.open_page(chromium)


@pytest.fixture(scope="module")
def players_page(chromium, sites):
    page = browser.open_page(chromium)
    for variant in VARIANTS:
        log_in(page, sites, variant)
    return page


@pytest.fixture
def page(strangers_page, watch):
    """The page of somebody whom no site knows. One for all tests: a warm one is twice as fast."""
    strangers_page.context.clear_cookies()
    return watch(strangers_page)


@pytest.fixture
def player(players_page, watch):
    """The page of a demo player who is logged in on all four sites, for tests that only look."""
    return watch(players_page)


@pytest.fixture
def watch(sites):
    """Watch pages; in the end, none may have complained or have gone where it has no business."""
    own = [sites.index, *map(sites.url, VARIANTS)]
    with ExitStack() as stack:
        watched = []

        def watch(page):
            watched.append(stack.enter_context(browser.watched(page, own)))
            return page

        yield watch
        assert [wrong for wrong in watched if wrong] == []


@pytest.fixture(params=VARIANTS)
def variant(request):
    return request.param


@pytest.fixture
def newcomer(sites, variant):
    """The name of somebody who will register; gone after the test."""
    yield NEWCOMER
    forget(sites, variant, NEWCOMER)


@pytest.fixture
def registered(page, sites, variant, newcomer):
    """A page on which a newcomer has just registered."""
    page.goto(sites.url(variant, "/register/"))
    send(page, REGISTRATION | EXTRAS)
    expect(heading(page, f"Welcome, {newcomer}")).to_be_visible()
    return page


def forget(sites, variant, username):
    table = tables.user_table(variant, tables.read(sites.env, variant))
    which = f"(SELECT id FROM {table} WHERE username = %s)"
    with postgres.connect(sites.env, variant) as connection:
        if connection.execute("SELECT to_regclass('person')").fetchone() != (None,):
            connection.execute(f"DELETE FROM person WHERE user_id IN {which}", [username])
        connection.execute(f"DELETE FROM {table} WHERE id IN {which}", [username])


def log_in(page, sites, variant, username=PLAYER, password=DEMO["password"]):
    page.goto(sites.url(variant, "/login/"))
    send(page, {"Username": username, "Password": password})
    expect(heading(page, f"Welcome, {username}")).to_be_visible()


def log_out(page):
    page.get_by_role("button", name="Log out").click()
    expect(link(page, "Log in")).to_be_visible()


# Registering


def test_a_newcomer_registers_by_keyboard_alone(page, sites, variant, newcomer):
    page.goto(sites.url(variant))
    tab_to(page, link(page, "Register"))
    page.keyboard.press("Enter")
    expect(field(page, "Username")).to_be_focused()
    page.keyboard.type(newcomer)
    for label in ("Email address", "Password", "Password confirmation"):
        tab_to(page, field(page, label))
        page.keyboard.type(REGISTRATION[label])
    if variant != NO_EXTRAS:
        for label, typed in (EXTRAS | {"Birthdate": "02031990"}).items():
            tab_to(page, field(page, label))
            page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(heading(page, f"Welcome, {NEWCOMER}")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("You are registered.")
    link(page, "Your profile").click()
    expect(page.get_by_role("main")).to_contain_text(REGISTRATION["Email address"])
    stored = dict.fromkeys(EXTRAS, "") if variant == NO_EXTRAS else EXTRAS
    for label, value in stored.items():
        expect(field(page, label)).to_have_value(value)


@pytest.fixture
def refused(page, sites, variant):
    """The page after an attempt to register with a taken username and a wrong Discord ID."""
    visit(page, sites.url(variant, "/register/"), FAULTY)
    return page


def is_beside(page, sentence, label):
    """Whether the sentence is seen right above its field, and heard when the field is read out."""
    expect(field(page, label)).to_have_accessible_description(re.compile(re.escape(sentence)))
    above = page.get_by_text(sentence).bounding_box()
    below = field(page, label).bounding_box()
    return 0 <= below["y"] - above["y"] - above["height"] < 20


def test_a_username_that_differs_in_case_is_refused_beside_its_field(refused):
    assert is_beside(refused, TAKEN, "Username")


@pytest.mark.parametrize("variant", sorted({*VARIANTS} - {NO_EXTRAS}))
def test_a_wrong_discord_id_is_refused_beside_its_field(refused):
    assert is_beside(refused, "A Discord ID is a number of 17 to 20 digits.", "Discord ID")


def test_what_was_typed_is_kept_but_for_the_passwords(refused, variant):
    kept = FAULTY | {"Password": "", "Password confirmation": ""}
    if variant == NO_EXTRAS:
        kept["Discord ID"] = ""
    for label, value in kept.items():
        expect(field(refused, label)).to_have_value(value)


def says_why_it_is_disabled(page, label):
    expect(field(page, label)).to_be_disabled()
    expect(field(page, label)).to_have_accessible_description(
        "A proxy model adds no column, so this cannot be stored."
    )


@pytest.mark.parametrize("label", EXTRAS)
def test_registering_says_of_a_disabled_field_why(page, sites, label):
    page.goto(sites.url(NO_EXTRAS, "/register/"))
    says_why_it_is_disabled(page, label)


@pytest.mark.parametrize("label", EXTRAS)
def test_the_profile_says_of_a_disabled_field_why(player, sites, label):
    player.goto(sites.url(NO_EXTRAS, "/profile/"))
    says_why_it_is_disabled(player, label)


# Coming back


def test_a_player_logs_out_and_in_again(registered, sites, variant):
    log_out(registered)
    log_in(registered, sites, variant, NEWCOMER, PASSWORD)


def test_a_wrong_password_is_refused_and_the_username_kept(page, sites, variant):
    page.goto(sites.url(variant, "/login/"))
    send(page, {"Username": PLAYER, "Password": PASSWORD})
    expect(page.get_by_text("Please enter a correct username and password.")).to_be_visible()
    expect(field(page, "Username")).to_have_value(PLAYER)
    expect(field(page, "Password")).to_have_value("")


def test_to_be_logged_in_on_one_site_is_not_to_be_logged_out_of_another(page, sites):
    for variant in VARIANTS:
        log_in(page, sites, variant)
    log_out(page)
    for variant in VARIANTS[:-1]:
        page.goto(sites.url(variant))
        expect(heading(page, f"Welcome, {PLAYER}")).to_be_visible()


# The player's own profile


@pytest.mark.parametrize("variant", sorted({*VARIANTS} - {NO_EXTRAS}))
def test_a_player_edits_the_profile(registered):
    link(registered, "Your profile").click()
    send(registered, {"Zoom ID": "123456789"})
    expect(registered.get_by_role("status")).to_have_text("Your profile is saved.")
    for label, value in (EXTRAS | {"Zoom ID": "123456789"}).items():
        expect(field(registered, label)).to_have_value(value)


def test_a_profile_that_stores_nothing_has_nothing_to_save(player, sites):
    player.goto(sites.url(NO_EXTRAS, "/profile/"))
    expect(heading(player, "Your profile")).to_be_visible()
    expect(player.get_by_role("main").get_by_role("button")).to_have_count(0)


def test_a_player_changes_the_password(registered, sites, variant):
    registered.goto(sites.url(variant, "/password_change/"))
    old, new = {"Old password": PASSWORD}, ["New password", "New password confirmation"]
    send(registered, old | dict.fromkeys(new, ANOTHER))
    expect(heading(registered, "Password changed")).to_be_visible()
    log_out(registered)
    log_in(registered, sites, variant, NEWCOMER, ANOTHER)


def test_a_player_deletes_the_account(registered, sites, variant):
    link(registered, "Your profile").click()
    registered.get_by_role("link", name="Delete your account").click()
    send(registered, {"Your password": ANOTHER})
    expect(registered.get_by_text("This is not your password.")).to_be_visible()
    send(registered, {"Your password": PASSWORD})
    expect(registered.get_by_role("status")).to_have_text(
        f"The account {NEWCOMER} and its profile are deleted."
    )
    registered.goto(sites.url(variant, f"/players/?after={NEWCOMER[:-1]}"))
    expect(registered.get_by_text(NEWCOMER, exact=True)).not_to_be_attached()


# Every page: {name: (path, what is sent before one looks)}

WRONG = {"Old password": "x", "New password": "x", "New password confirmation": "y"}
VISITOR_PAGES = {
    "home": ("/", {}),
    "register": ("/register/", {}),
    "register, refused": ("/register/", FAULTY | {"Password": "x", "Zoom ID": "x"}),
    "login": ("/login/", {}),
    "login, refused": ("/login/", {"Username": PLAYER, "Password": "x"}),
    "players": ("/players/", {}),
    "no more players": ("/players/?after=zzz", {}),
    "password reset": ("/password_reset/", {}),
    "password reset, sent": ("/password_reset/", {"Email": "nobody@example.org"}),
    "password reset, dead link": ("/reset/MQ/a-b/", {}),
    "password reset, done": ("/reset/done/", {}),
}
PLAYER_PAGES = {
    "home": ("/", {}),
    "profile": ("/profile/", {}),
    "profile, refused": ("/profile/", {"Zoom ID": "x"}),
    "delete": ("/profile/delete/", {}),
    "delete, refused": ("/profile/delete/", {"Your password": "x"}),
    "password change": ("/password_change/", {}),
    "password change, refused": ("/password_change/", WRONG),
    "password changed": ("/password_change/done/", {}),
}


def visit(page, url, sent):
    """Go to the page and send its form, unless it has no field for any of the values."""
    page.goto(url)
    if any(field(page, label).is_enabled() for label in sent):
        with page.expect_navigation():
            send(page, sent)


# without --all: the one whose fields are disabled, and one with a form for the profile row
LOOKED_AT = sample(VARIANTS, ["proxy_model", "foreignkey"])


@pytest.mark.parametrize("variant", LOOKED_AT, indirect=True)
@pytest.mark.parametrize("name", VISITOR_PAGES)
def test_a_visitor_finds_no_fault_with_a_page(page, sites, variant, name):
    path, sent = VISITOR_PAGES[name]
    visit(page, sites.url(variant, path), sent)
    assert browser.faults(page) == []


@pytest.mark.parametrize("variant", LOOKED_AT, indirect=True)
@pytest.mark.parametrize("name", PLAYER_PAGES)
def test_a_player_finds_no_fault_with_a_page(player, sites, variant, name):
    path, sent = PLAYER_PAGES[name]
    visit(player, sites.url(variant, path), sent)
    assert browser.faults(player) == []


def test_the_longest_username_breaks_no_page(page, sites):
    variant, longest = VARIANTS[0], "m" * 150
    page.goto(sites.url(variant, "/register/"))
    send(page, REGISTRATION | {"Username": longest})
    expect(heading(page, f"Welcome, {longest}")).to_be_visible()
    found = browser.faults(page)
    for path in ("/profile/", "/profile/delete/", "/players/"):
        page.goto(sites.url(variant, path))
        found += browser.faults(page)
    forget(sites, variant, longest)
    assert found == []


def test_the_first_tab_leads_past_the_menu(page, sites, variant):
    page.goto(sites.url(variant))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("main").get_by_role("link").first)


def test_the_index_page_has_no_fault(page, sites):
    page.goto(sites.index)
    assert browser.faults(page) == []


def test_the_index_page_leads_to_each_site(page, sites, variant):
    page.goto(sites.index)
    page.get_by_role("link", name=variant).click()
    footer = page.get_by_role("contentinfo")
    expect(footer).to_contain_text(f"This site uses a {APPROACHES[variant]}.")


# Django's own pages


def test_the_game_master_opens_a_player_in_the_admin(page, sites, variant):
    page.goto(sites.url(variant, "/admin/"))
    send(page, {"Username": DEMO["superuser"], "Password": DEMO["password"]})
    page.get_by_role("rowheader").get_by_role("link", name=re.compile("Users|Players")).click()
    page.get_by_role("link", name=PLAYER).click()
    expect(field(page, "Username")).to_have_value(PLAYER)


# A machine without a browser


def test_the_sentence_names_both_ways_to_a_browser():
    assert "playwright install chromium" in browser.LEFT_OUT
    assert "Debian package chromium" in browser.LEFT_OUT


def without_browser(tmp_path, **environ):
    """Run two tests, of which one needs a browser, where none can be found."""
    kept = {key: value for key, value in os.environ.items() if key != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", __file__, "-q", "-k", "the_sentence or index_page_has"],
        cwd=PROJECT,
        env=kept | {"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_without_a_browser_one_line_says_what_is_left_out(tmp_path):
    ended = without_browser(tmp_path)
    assert ended.returncode == 0, ended
    assert "1 passed" in ended.stdout
    assert "skipped" not in ended.stdout
    assert ended.stdout.count(browser.LEFT_OUT) == 1


def test_without_a_browser_ci_fails_and_says_so(tmp_path):
    ended = without_browser(tmp_path, CI="true")
    assert ended.returncode != 0
    assert browser.LEFT_OUT in ended.stdout
