import contextlib
import http.client
import http.cookiejar
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import psutil
import psycopg
import pytest

from conftest import ONCE_SET_UP, free_ports, postmaster
from workbench import files, variants
from workbench.paths import PROJECT
from workbench.schema import tables
from workbench.serve import sites as sites_of_serve
from workbench.server import embedded, postgres, processes
from workbench.server.databases import DEMO
from workbench.variants import COLOURS, SUMMARIES, VARIANTS


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
def test_each_site_has_its_colour_and_links_to_the_page_about_its_approach(sites, browser, variant):
    for path in ("/", "/register/"):
        answer = browser.open(sites.url(variant, path))
        page = answer.read()
        assert len(page) == int(answer.headers["Content-Length"])
        assert f'href="{sites.index}site/approaches/{variant}/"' in page.decode()
        assert "light-dark({}, {})".format(*COLOURS[variant]) in page.decode()


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


@pytest.fixture(scope="module")
def survived(pytestconfig):
    """{what was killed: seconds until all was well again}; build/kills.json keeps all rounds."""
    found = {}
    yield found
    if pytestconfig.getoption("all"):
        files.write_json(PROJECT / "build" / "kills.json", found)


@pytest.fixture
def rounds(pytestconfig):
    """Twenty kills, or one."""
    return range(20 if pytestconfig.getoption("all") else 1)


def test_once_set_up_all_answer_soon_and_have_no_player_twice(running, sites):
    assert running.seconds < ONCE_SET_UP
    assert users(running, "custom_user") == users(sites, "custom_user")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_leaves_no_process(running, number):
    assert running.end(number) == (0, "")
    assert running.left() == []


def test_a_killed_serve_does_not_stop_the_next(running, set_up, rounds, survived):
    for _ in rounds:
        running.end(signal.SIGKILL)
        assert running.left() == []
        running = set_up.serve()
        survived.setdefault("serve, until the next answers", []).append(round(running.seconds, 1))
    assert running.end() == (0, "")


def test_a_site_that_stops_again_and_again_is_one_sentence_and_the_end(running):
    for _ in range(sites_of_serve.TRIES):
        killed = wait_until(lambda: victim(running, "a site"))
        killed.kill()
        killed.wait(15)
    code, errors = running.ends()
    assert code == 2
    assert errors.splitlines()[-1].startswith(
        "foreignkey's site stopped (signal 9), so everything was stopped: see "
    )
    assert running.left() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_an_earlier_serve_has_left_is_cleared_by_the_next(running, set_up, number):
    """Its keeper is gone, too. SIGTERM: the server waits for ever for a connection to end."""
    keeper, server = victim(running, "the keeper"), postmaster(running.folder)
    keeper.suspend()
    running.process.kill()
    with postgres.connect(running.env, "postgres"):
        server.send_signal(number)
        keeper.kill()
        again = set_up.serve()
    assert again.end() == (0, "")
    assert again.left() == []
    assert again.seconds < 3 * ONCE_SET_UP


def test_a_folder_that_cannot_be_written_is_one_sentence(bare):
    assert "Cannot write to /etc/passwd/data" in bare.complaint(
        "serve", WORKBENCH_DATA="/etc/passwd/data"
    )


# --- kills and overload


def visit(url, timeout=30):
    """Return the status, "refused" if nobody listens or the connection breaks, and Retry-After."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        response.read()
        return response.status, response.getheader("Retry-After")
    except (ConnectionError, http.client.HTTPException):
        return "refused", None
    finally:
        connection.close()


def wait_until(it, seconds=30):
    until = time.monotonic() + seconds
    while not (found := it()):
        assert time.monotonic() < until, "It takes too long."
        time.sleep(0.05)
    return found


def victim(sites, name):
    """The process of that name, or None while it is not there."""
    with contextlib.suppress(psutil.Error, OSError, IndexError):
        tree, server = sites.process_tree(), postmaster(sites.folder)
        if name == "the postmaster":
            return server
        if name in ("the keeper", "a site"):
            word = {"the keeper": "server.keeper", "a site": f":{sites.ports['foreignkey']}"}[name]
            return next((it for it in tree if word in " ".join(it.cmdline())), None)
        word = {"a backend": "custom_user"}.get(name, name)
        return next((it for it in server.children() if word in " ".join(it.cmdline())), None)


# seconds between two kills: three too soon after each other are the end of serve
BETWEEN = {"a site": sites_of_serve.TOO_SOON, "the keeper": 2}


def kill(sites, name):
    """Kill the process of that name and return it; None if there is none, or not any more."""
    killed = victim(sites, name)
    with contextlib.suppress(psutil.NoSuchProcess):
        if killed:
            killed.kill()
            return killed


def has_ended(process):
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="module")
def hardy(set_up):
    """Sites that are killed in part, and survive. What they say on stderr is theirs to say."""
    sites = set_up.serve()
    yield sites
    code, errors = sites.end()
    assert code == 0, errors
    assert "Traceback" not in errors
    assert sites.left() == []


@pytest.fixture
def load(hardy):
    """Visitors at all four sites; how each visit ended."""
    ended, stop = [], threading.Event()

    def visitor(url):
        while not stop.is_set():
            ended.append(visit(url))

    urls = [hardy.url(variant, "/players/") for variant in VARIANTS]
    with ThreadPoolExecutor(len(urls)) as pool:
        for url in urls:
            pool.submit(visitor, url)
        yield ended
        stop.set()


def all_answer(sites, path="/players/"):
    return all(visit(sites.url(variant, path))[0] == 200 for variant in VARIANTS)


@pytest.mark.parametrize(
    "name", ["a backend", "walwriter", "checkpointer", "the postmaster", "the keeper", "a site"]
)
def test_after_a_kill_under_load_the_sites_go_on(hardy, load, name, rounds, survived):
    for _ in rounds:
        wait_until(lambda: all_answer(hardy))
        if len(rounds) > 1:
            time.sleep(BETWEEN.get(name, 0))
        began = time.monotonic()
        killed = wait_until(lambda: kill(hardy, name))
        wait_until(lambda it=killed: has_ended(it))
        wait_until(lambda: all_answer(hardy) and victim(hardy, "the keeper"))
        survived.setdefault(name, []).append(round(time.monotonic() - began, 1))
    assert {status for status, _ in load} <= {200, 503, "refused"}
    assert all(after for status, after in load if status == 503)
    assert hardy.process.poll() is None


def test_140_visitors_at_a_locked_row_do_not_affect_the_other_sites(hardy, browser):
    url = hardy.url("custom_user", "/profile/")
    page = Token()
    logged_in = log_in(browser, hardy.url("custom_user", "/login/?next=/profile/"), "arannis")
    page.feed(logged_in.read().decode())
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": page.value, "zoom_id": "123456789"})

    def edit(_):
        try:
            return browser.open(url, form.encode()).status, None
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Retry-After"]

    with (
        postgres.connect(hardy.env, "custom_user") as connection,
        connection.transaction(),
        ThreadPoolExecutor(140) as pool,
    ):
        connection.execute("SELECT FROM players_user WHERE username = 'arannis' FOR UPDATE")
        edits = [pool.submit(edit, number) for number in range(140)]
        others = [variant for variant in VARIANTS if variant != "custom_user"]
        visits = []
        while not all(it.done() for it in edits):
            visits += [visit(hardy.url(variant, "/players/"))[0] for variant in others]
    assert {it.result() for it in edits} == {(503, "3")}
    assert set(visits) == {200}
    wait_until(lambda: edit(0)[0] == 200)


def test_where_postgresql_has_no_connection_left_the_sites_say_when_to_come_again(hardy):
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(psycopg.OperationalError):
            for _ in range(embedded.CONNECTIONS):
                stack.enter_context(postgres.connect(hardy.env, "postgres"))
        assert {visit(hardy.url(variant, "/players/")) for variant in VARIANTS} == {(503, "3")}
    wait_until(lambda: all_answer(hardy))


def test_slow_posts_and_idle_connections_keep_nobody_waiting(hardy):
    address = ("127.0.0.1", hardy.ports["custom_user"])
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(address)) for _ in range(800)]
        for connection in opened[:300]:
            connection.sendall(b"POST /register/ HTTP/1.1\r\nHost: localhost\r\n")
            connection.sendall(b"Content-Length: 100\r\n\r\nusername=")
        began = time.monotonic()
        assert all_answer(hardy)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", ["index", *VARIANTS])
def test_a_page_of_another_site_gets_nothing(sites, name):
    """Its name may be made to point to this machine (DNS rebinding)."""
    connection = http.client.HTTPConnection("127.0.0.1", sites.ports[name])
    connection.request("GET", "/", headers={"Host": "evil.example"})
    response = connection.getresponse()
    said = response.read().decode()
    connection.close()
    assert response.status == 400
    assert said == "Ask for this site by the address that workbench serve prints.\n"


def test_a_site_knows_nothing_of_the_developers_environment(monkeypatch):
    monkeypatch.setenv("CLOUD_TOKEN", "secret")
    monkeypatch.setenv("DJANGO_SECRET_KEY", "secret")
    monkeypatch.setenv("PGPASSWORD", "secret")
    folder = variants.path("custom_user")
    given = sites_of_serve.environment(processes.environment_of(folder, {"PGHOST": "here"}))
    assert "secret" not in given.values()
    assert given["PATH"] == os.environ["PATH"]
    assert given["PGHOST"] == "here"


def test_limits_are_added_to_the_users_own_options():
    given = sites_of_serve.environment({"PGOPTIONS": "-c work_mem=8MB", "PGCONNECT_TIMEOUT": "9"})
    assert given["PGOPTIONS"].startswith("-c work_mem=8MB -c lock_timeout=5s ")
    assert given["PGCONNECT_TIMEOUT"] == "9"
