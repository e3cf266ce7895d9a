import contextlib
import http.cookiejar
import signal
import socket
import urllib.parse
import urllib.request
from html.parser import HTMLParser

import pytest

from conftest import ONCE_SET_UP, free_ports
from workbench.schema import tables
from workbench.server import postgres
from workbench.server.databases import DEMO
from workbench.variants import SUMMARIES, VARIANTS


@pytest.fixture
def browser():
    """Keeps cookies, and goes straight to this machine's ports."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)


class Token(HTMLParser):
    """Finds the CSRF token of a page's form."""

    def handle_starttag(self, tag, attrs):
        if dict(attrs).get("name") == "csrfmiddlewaretoken":
            self.value = dict(attrs)["value"]


def log_in(browser, url, username):
    page = Token()
    page.feed(browser.open(url).read().decode())
    form = {
        "username": username,
        "password": DEMO["password"],
        "csrfmiddlewaretoken": page.value,
    }
    return browser.open(url, urllib.parse.urlencode(form).encode())


def users(sites, variant):
    with postgres.connect(sites.env, variant) as connection:
        table = tables.user_table(variant, tables.read(sites.env, variant))
        query = f"SELECT username, email, is_superuser FROM {table} ORDER BY username"
        return connection.execute(query).fetchall()


@pytest.fixture
def running(set_up):
    """Sites to stop or to kill."""
    sites = set_up.serve()
    yield sites
    with contextlib.suppress(ProcessLookupError, ValueError):
        sites.end()


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_site_answers(sites, browser, variant):
    assert browser.open(sites.url(variant)).status == 200


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_demo_player_may_log_in(sites, browser, variant):
    answer = log_in(browser, sites.url(variant, "/login/"), "arannis")
    assert answer.url == sites.url(variant)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_game_master_may_enter_the_admin(sites, browser, variant):
    answer = log_in(browser, sites.url(variant, "/admin/login/?next=/admin/"), DEMO["superuser"])
    assert answer.url == sites.url(variant, "/admin/")


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_have_the_same_demo_players(sites, variant):
    assert users(sites, variant) == users(sites, VARIANTS[0])


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_index_page_links_to_each_site(sites, browser, variant):
    page = browser.open(sites.index).read().decode()
    assert f'<a href="{sites.url(variant)}">{variant}</a>' in page


def test_the_index_page_says_what_each_is(sites, browser):
    page = browser.open(sites.index).read().decode()
    assert [summary for summary in SUMMARIES.values() if summary not in page] == []


def test_the_index_server_has_no_other_page(sites, browser):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        browser.open(sites.index + "etc/passwd")


@pytest.mark.parametrize("name", ["index", *VARIANTS])
def test_the_addresses_are_printed(sites, name):
    assert sites.url(name) in sites.said


def test_the_password_is_printed(sites):
    assert DEMO["password"] in sites.said


def test_a_second_serve_says_that_one_runs_and_where(sites, tool):
    assert tool.complaint("serve") == (
        f"workbench serve runs already at {sites.index}: use it, or stop it first."
    )


def test_a_taken_port_is_named_with_its_option(bare):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        options = [f"--port={name}={number}" for name, number in free_ports().items()]
        sentence = bare.complaint("serve", *options, "--port", f"custom_user={port}")
    assert sentence == (
        f"Port {port} is in use: choose another for custom_user with --port custom_user=NUMBER."
    )


def test_two_pages_cannot_share_a_port(bare):
    sentence = bare.complaint("serve", "--port", "index=9000", "--port", "foreignkey=9000")
    assert sentence.startswith("index and foreignkey cannot share port 9000: ")


@pytest.mark.parametrize("option", ["9000", "customuser=9000", "custom_user=", "custom_user=x"])
def test_a_port_of_a_wrong_form_is_one_sentence(bare, option):
    assert f"--port {option} is not of the form NAME=NUMBER" in bare.complaint(
        "serve", "--port", option
    )


@pytest.mark.parametrize("number", [0, 65536])
def test_a_number_that_is_no_port_is_one_sentence(bare, number):
    assert "from 1 to 65535" in bare.complaint("serve", "--port", f"index={number}")


def test_once_set_up_all_answer_soon_and_have_no_player_twice(running, sites):
    assert running.seconds < ONCE_SET_UP
    assert users(running, "custom_user") == users(sites, "custom_user")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_leaves_no_process(running, number):
    assert running.end(number) == (0, "")
    assert running.left() == []


def test_a_killed_serve_leaves_no_process(running):
    running.end(signal.SIGKILL)
    assert running.left() == []


def test_a_killed_serve_does_not_stop_the_next(running, set_up):
    running.end(signal.SIGKILL)
    again = set_up.serve()
    assert again.end() == (0, "")


def test_a_killed_postgresql_is_one_sentence_and_the_end(running):
    _, server = running.processes
    server.kill()
    code, errors = running.ends()
    assert (code, errors.count("\n")) == (2, 1)
    assert errors.startswith("PostgreSQL stopped (")
    assert running.left() == []


def test_a_killed_site_is_one_sentence_and_the_end(running):
    [site] = [
        it for it in running.process_tree() if f":{running.ports['foreignkey']}" in it.cmdline()[-1]
    ]
    site.kill()
    code, errors = running.ends()
    assert code == 2
    assert errors.startswith(
        "foreignkey's site stopped (signal 9), so everything was stopped: see "
    )
    assert running.left() == []


def test_a_folder_that_cannot_be_written_is_one_sentence(bare):
    assert "Cannot write to /etc/passwd/data" in bare.complaint(
        "serve", WORKBENCH_DATA="/etc/passwd/data"
    )
