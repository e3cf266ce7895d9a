"""The tutorial, typed from the built pages as a reader types it, for each approach."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urldefrag, urlencode, urljoin

import psycopg
import pytest
from bs4 import BeautifulSoup

from workbench import paths
from workbench.matrix import environments
from workbench.paths import PROJECT
from workbench.server import embedded, postgres
from workbench.variants import VARIANTS

pytestmark = pytest.mark.usefixtures("built_site")

# which Django the reader installs: "main", the one of the lock, or "newest"
WHICH = os.environ.get("TUTORIAL_DJANGO", "main")
DJANGO = environments.environments()[{"main": 0, "newest": -1}[WHICH]]
DATABASE = "dungeon"
STEPS = "1-project 2-model 3-form 4-views 5-templates 6-account 7-admin 8-break-it 9-where-next"
PATIENCE = 120  # seconds
SITE = "http://127.0.0.1:8000/"
OUTPUT = "It prints"  # the title of a block that is compared, not typed
LATER = "When you are done"  # of one that is typed at the end
ERROR = "The error"  # of one that a test of its own provokes
# Ways to a PostgreSQL: the tabs that are typed. "I have one" is the server of the other tests.
PIP, OWN = "With pip", "I have one"
# and those that are not: they install programs on the machine, or need a service that it lacks
NOT_TYPED = {"Debian or Ubuntu", "macOS with Homebrew", "Docker"}
# PostgreSQL's programs that refuse to run as root; the page tells root to become another user
NOT_AS_ROOT = ("initdb", "pg_ctl")
# what the variant's folder has and the tutorial leaves out
LEFT_OUT = (
    "README.md",
    "requirements.txt",
    "manage.py",
    "config/wsgi.py",
    "__init__.py",
    "players/roster.py",
    "players/migrations/0001_initial.py",
    "players/templates/4",
    "players/templates/500.html",
)


def read(step):
    return BeautifulSoup((paths.SITE / "tutorial" / step / "index.html").read_text(), "html.parser")


def labels(tabs):
    return [label.get_text().strip() for label in tabs.select(".tabbed-labels > label")]


def blocks(step, approach, way):
    """What a reader takes from a page, in its order, in the tabs of one approach and one way.

    Blocks of code and downloads: (title, text). The title of a download is the path to save it at.
    """
    page = read(step)
    for tabs in page.select(".tabbed-set"):
        for label, block in zip(labels(tabs), tabs.select(".tabbed-block"), strict=True):
            if label not in (approach, way):
                block.decompose()
    for it in page.select("article .highlight, article a[download]"):
        if it.name == "a":
            file = paths.SITE / "tutorial" / step / it["href"]
            yield it.get_text(), file.read_text()
        else:
            title = it.select_one(".filename")
            yield title and title.get_text(), it.pre.get_text()


class Reader:
    """Somebody who types the tutorial in an empty folder."""

    def __init__(self, home, server):
        self.folder = home
        # what a new terminal has
        self.plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PG", "DJANGO_", "PYTHON", "VIRTUAL_ENV", "COV_"))
        } | dict(server)
        programs = [str(embedded.PROGRAMS)] if server else []
        self.plain["PATH"] = os.pathsep.join(
            [str(home.parent / "bin"), *programs, self.plain["PATH"]]
        )
        self.environ = self.plain
        self.site = None
        self.done = None
        self.written = {}

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.written[path] = text

    def type(self, commands):
        """Type each command of a block."""
        for command in commands.replace("\\\n", "").splitlines():
            self.nothing_failed()
            if command.startswith("cd "):
                self.folder = self.folder / command.removeprefix("cd ")
            elif command.startswith("source "):
                self.source(command)
            elif command.endswith(" runserver"):
                self.serve(command)
            else:
                self.done = self.run(command)

    def run(self, command):
        user = None
        if embedded.AS_ROOT and command.startswith(NOT_AS_ROOT):
            user = embedded.SYSTEM_USER
            os.chown(self.folder, pwd.getpwnam(user).pw_uid, -1)
        with tempfile.TemporaryFile("w+") as output:  # a started server would hold a pipe open
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.folder,
                env=self.environ,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
            )
            output.seek(0)
            done.stdout = output.read()
        return done

    def source(self, command):
        """Take over what a file sets in this terminal."""
        self.done = self.run(f"set -e; {command}; env -0")
        self.nothing_failed()
        self.environ = dict(one.split("=", 1) for one in self.done.stdout.split("\0") if one)

    def open_a_second_terminal(self):
        self.environ = self.plain

    def nothing_failed(self):
        """The last command succeeded, or failed as the page had said."""
        assert self.done is None or self.done.returncode == 0, (self.done.args, self.done.stdout)

    def compare(self, shown):
        """What the last command printed is what the page shows; "..." stands for the beginning."""
        printed, shown = self.done.stdout.strip(), shown.strip()
        if shown.startswith("...\n"):
            assert printed.endswith(shown.removeprefix("...\n")), (self.done.args, printed)
            self.done = None  # it may have failed
        else:
            assert printed == shown, (self.done.args, printed)

    def serve(self, command):
        self.site = subprocess.Popen(
            ["bash", "-c", f"exec {command} --noreload"],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.site.poll() is None:
            try:
                return urllib.request.urlopen(urljoin(SITE, "admin/login/"))
            except urllib.error.URLError:
                time.sleep(0.2)
        raise AssertionError(self.site.stderr.read())

    def register(self):
        """Fill in the page as step 5 says; returns the browser and the page that follows."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        address = urljoin(SITE, "register/")
        form = BeautifulSoup(browser.open(address).read(), "html.parser").main.form
        token = form.select_one("[name=csrfmiddlewaretoken]")["value"]
        filled = {
            "username": "tasha",
            "password1": "mage-hand-33",
            "password2": "mage-hand-33",
            "birthdate": "2004-05-04",
            "discord_id": "100000000000000001",
            "zoom_id": "123 456 7890",
            "csrfmiddlewaretoken": token,
        }
        return browser, browser.open(address, urlencode(filled).encode()).read().decode()

    def stop(self):
        if self.site:
            self.site.terminate()
            self.site.communicate(timeout=10)
            self.site = None


def visited(browser):
    """Follow every link from the home page, style sheets too: {address: text}.

    An address that is not there, or crashes, is an HTTPError.
    """
    found, left = {}, [SITE]
    while left:
        address = left.pop()
        if address not in found:
            found[address] = browser.open(address).read().decode()
            for link in BeautifulSoup(found[address], "html.parser").select("a[href], link[href]"):
                target = urldefrag(urljoin(address, link["href"])).url
                if target.startswith(SITE):
                    left.append(target)
    return found


@pytest.fixture
def machine():
    """A folder with the reader's python3 and an empty home, open to PostgreSQL's user."""
    with tempfile.TemporaryDirectory() as folder:
        its = Path(folder)
        its.chmod(0o755)
        (its / "bin").mkdir()
        (its / "home").mkdir()
        python = sys._base_executable if WHICH == "main" else environments.find_python(DJANGO)
        (its / "bin" / "python3").symlink_to(shutil.which(python))
        (its / "constraint.txt").write_text(f"Django=={DJANGO.django}.*\n")
        yield its


@pytest.fixture
def reader(machine, way):
    with postgres.server() as server:
        it = Reader(machine / "home", server if way == OWN else {})
        it.plain["PIP_CONSTRAINT"] = str(machine / "constraint.txt")
        it.plain["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        yield it
        it.stop()
        if way == PIP:
            it.run("pg_ctl stop")  # if the test has failed before it was done
        else:
            with psycopg.connect(dbname="postgres", autocommit=True, **libpq(server)) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def libpq(server):
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user"}
    return {names[name]: value for name, value in server.items() if name in names}


# each way to a PostgreSQL with one approach at least
@pytest.mark.parametrize(
    ("approach", "way"), [(name, PIP if name == "custom_user" else OWN) for name in VARIANTS]
)
def test_the_tutorial_leads_to_the_variants_own_code(reader, approach, way):
    later = []
    for step in STEPS.split():
        for title, text in blocks(step, approach, way):
            if title == OUTPUT:
                reader.compare(text)
            elif title == LATER:
                later.append(text)
            elif title == ERROR:
                continue  # test_the_error_of_createdb
            elif title:
                reader.write(title, text)
            else:
                reader.type(text)
                if "runserver" in text:
                    looked_at(reader, step, approach)
    reader.nothing_failed()
    assert reader.site.poll() is None
    reader.type("python -m django --version")
    assert reader.done.stdout.startswith(f"{DJANGO.django}.")
    reader.stop()
    reader.serve("python manage.py runserver")  # it would not see templates that it had missed
    visited(urllib.request.build_opener())
    reader.stop()
    for commands in later:
        reader.type(commands)
    reader.nothing_failed()
    assert (later == []) == (way == OWN)
    is_the_variant(reader.written, approach)


def looked_at(reader, step, approach):
    """Do in the browser what the step says. Step 2 stops the server, step 5 lets it run."""
    if step == "2-model":
        return reader.stop()
    assert step == "5-templates"
    browser, page = reader.register()
    assert "Welcome, tasha" in page
    assert ("1234567890" in page) == (approach != "proxy_model")
    as_tasha, as_visitor = visited(browser), visited(urllib.request.build_opener())
    paths_of = {address.removeprefix(SITE) for address in as_tasha}
    assert {"profile/", "profile/delete/", "players/", "password_change/"} <= paths_of
    assert {urljoin(SITE, "login/"), urljoin(SITE, "password_reset/")} <= as_visitor.keys()
    assert any(address.endswith("players.css") for address in as_visitor)
    reader.open_a_second_terminal()


def is_the_variant(written, approach):
    variant = PROJECT / "variants" / approach
    files = [
        path.relative_to(variant).as_posix()
        for path in variant.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    for path in files:
        if path in written:
            assert written[path] == (variant / path).read_text(), path
        else:
            left_out = path.startswith(LEFT_OUT) or path.endswith(LEFT_OUT)
            declared = approach == "custom_user" and "/0002_" in path
            assert left_out or declared, path


def test_every_promised_file_is_of_some_variant():
    titles = {
        title
        for step in STEPS.split()
        for approach in VARIANTS
        for title, _ in blocks(step, approach, PIP)
        if title and title not in (OUTPUT, LATER, ERROR, "env.sh", "break_it.py")
    }
    assert len(titles) > 20
    for title in titles:
        assert any((PROJECT / "variants" / name / title).exists() for name in VARIANTS), title


def test_every_tab_is_typed_or_said_to_be_not():
    found = {
        label
        for step in STEPS.split()
        for tabs in read(step).select(".tabbed-set")
        for label in labels(tabs)
    }
    assert found == {*VARIANTS, PIP, OWN, *NOT_TYPED}


def test_the_error_of_createdb(machine):
    [shown] = [text for title, text in blocks("1-project", "custom_user", PIP) if title == ERROR]
    done = subprocess.run(
        [embedded.PROGRAMS / "createdb", DATABASE],
        env={"PGHOST": str(machine)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    folder = re.search(r'"(/.*)/\.s\.PGSQL', shown)[1]
    assert done.returncode
    assert done.stderr.replace(str(machine), folder).expandtabs(4) == shown
