"""The tutorial, typed from the built pages as a reader types it, for each approach."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode

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
OUTPUT = "It prints"  # the title of a block that is compared, not typed
# what the variant's folder has and the tutorial leaves out
LEFT_OUT = (
    "README.md",
    "requirements.txt",
    "manage.py",
    "config/wsgi.py",
    "__init__.py",
    "players/roster.py",
    "players/static/",
    "players/migrations/0001_initial.py",
    "players/templates/4",
    "players/templates/500.html",
)


def blocks(step, approach):
    """The blocks of code of a page in their order, in the tabs of one approach: (title, text)."""
    page = BeautifulSoup((paths.SITE / "tutorial" / step / "index.html").read_text(), "html.parser")
    for tabs in page.select(".tabbed-set"):
        labels = [label.get_text().strip() for label in tabs.select(".tabbed-labels > label")]
        for label, block in zip(labels, tabs.select(".tabbed-block"), strict=True):
            if label in VARIANTS and label != approach:
                block.decompose()
    for code in page.select("article .highlight"):
        title = code.select_one(".filename")
        yield title and title.get_text(), code.pre.get_text()


class Reader:
    """Somebody who types the tutorial in an empty folder."""

    def __init__(self, folder, server):
        self.folder = folder
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PG", "DJANGO_", "PYTHON", "VIRTUAL_ENV", "COV_"))
        } | dict(server)
        self.environ["PATH"] = os.pathsep.join(
            [str(folder.parent / "bin"), str(embedded.PROGRAMS), self.environ["PATH"]]
        )
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
        for command in commands.splitlines():
            self.nothing_failed()
            if command.startswith("cd "):
                self.folder = self.folder / command.removeprefix("cd ")
            elif command == "source .venv/bin/activate":
                self.environ["VIRTUAL_ENV"] = str(self.folder / ".venv")
                self.environ["PATH"] = f"{self.folder}/.venv/bin:{self.environ['PATH']}"
            elif command.endswith(" runserver"):
                self.serve(command)
            else:
                self.done = subprocess.run(
                    ["bash", "-c", command],
                    cwd=self.folder,
                    env=self.environ,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=PATIENCE,
                    check=False,
                )

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
                return urllib.request.urlopen("http://127.0.0.1:8000/")
            except urllib.error.URLError:
                time.sleep(0.2)
        raise AssertionError(self.site.stderr.read())

    def register(self):
        """Fill in the page as step 5 says; returns the page that follows."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        address = "http://127.0.0.1:8000/register/"
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
        return browser.open(address, urlencode(filled).encode()).read().decode()

    def stop(self):
        if self.site:
            self.site.send_signal(signal.SIGTERM)
            self.site.wait(10)


@pytest.fixture
def reader(tmp_path):
    (tmp_path / "bin").mkdir()
    python = sys._base_executable if WHICH == "main" else environments.find_python(DJANGO)
    (tmp_path / "bin" / "python").symlink_to(shutil.which(python))
    (tmp_path / "home").mkdir()
    with postgres.server() as server:
        it = Reader(tmp_path / "home", server)
        it.environ["PIP_CONSTRAINT"] = str(tmp_path / "constraint.txt")
        it.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        (tmp_path / "constraint.txt").write_text(f"Django=={DJANGO.django}.*\n")
        yield it
        it.stop()
        with psycopg.connect(dbname="postgres", autocommit=True, **libpq(server)) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def libpq(server):
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user"}
    return {names[name]: value for name, value in server.items() if name in names}


@pytest.mark.parametrize("approach", VARIANTS)
def test_the_tutorial_leads_to_the_variants_own_code(reader, approach):
    for step in STEPS.split():
        for title, text in blocks(step, approach):
            if title == OUTPUT:
                reader.compare(text)
            elif title:
                reader.write(title, text)
            else:
                reader.type(text)
                if "runserver" in text:
                    page = reader.register()
                    assert "Welcome, tasha" in page
                    assert ("1234567890" in page) == (approach != "proxy_model")
    reader.nothing_failed()
    assert reader.site.poll() is None
    reader.type("python -m django --version")
    assert reader.done.stdout.startswith(f"{DJANGO.django}.")
    variant = PROJECT / "variants" / approach
    files = [
        path.relative_to(variant).as_posix()
        for path in variant.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    for path in files:
        if path in reader.written:
            assert reader.written[path] == (variant / path).read_text(), path
        else:
            left_out = path.startswith(LEFT_OUT) or path.endswith(LEFT_OUT)
            declared = approach == "custom_user" and "/0002_" in path
            assert left_out or declared, path


def test_every_promised_file_is_of_some_variant():
    titles = {
        title
        for step in STEPS.split()
        for approach in VARIANTS
        for title, _ in blocks(step, approach)
        if title and title not in (OUTPUT, "break_it.py")
    }
    assert len(titles) > 20
    for title in titles:
        assert any((PROJECT / "variants" / name / title).exists() for name in VARIANTS), title
