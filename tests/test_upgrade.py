"""A loaded database upgraded in place: its sites run on the main Django, then on the newest one."""

import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests

from conftest import free_ports
from workbench import variants
from workbench.matrix import environments
from workbench.server import databases, processes
from workbench.server.databases import DEMO
from workbench.variants import VARIANTS

VISITOR, FORGETFUL, ANOTHER = "arannis", "brakka", "caelynn"
NEW_PASSWORD = "The dragon wakes at noon"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LINK = re.compile(r"http://\S+/reset/\S+")


class Browser(requests.Session):
    """Keeps cookies, and fills in forms."""

    trust_env = False

    def fill_in(self, url, **form):
        page = self.get(url)
        token = TOKEN.search(page.text)[1]
        return self.post(page.url, data=form | {"csrfmiddlewaretoken": token})

    def log_in(self, site, username, password=DEMO["password"]):
        return self.fill_in(f"{site}/login/", username=username, password=password)


@dataclass
class Upgraded:
    """The newest Django on the database, and what was begun on the main one."""

    manage: callable
    site: str
    session: Browser
    link: str
    versions: list


@pytest.fixture(scope="module", params=VARIANTS)
def upgraded(request, server, newest_django, tmp_path_factory):
    variant, port = request.param, free_ports()["index"]
    folder, env = variants.path(variant), processes.environment_of(variants.path(variant), server)
    log = tmp_path_factory.mktemp(variant) / "log"
    site = f"http://127.0.0.1:{port}"

    @contextmanager
    def served(python):
        with log.open("w") as output:
            process = subprocess.Popen(
                [*python, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
                cwd=folder, env=env, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            processes.wait_for_page(f"{site}/", 60, lambda: None, log.read_text())
            yield re.search(r"Django version (\S+?),", log.read_text())[1]
        finally:
            processes.end([process])

    def manage(*arguments):
        return subprocess.run(
            [*newest_django, "manage.py", *arguments],
            cwd=folder, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    databases.prepare(server, [variant], demo=True)
    with served([sys.executable]) as before:
        session = Browser()
        session.log_in(site, VISITOR)
        Browser().fill_in(f"{site}/password_reset/", email=f"{FORGETFUL}@example.com")
        link = LINK.search(log.read_text())[0]
    with served(newest_django) as after:
        yield Upgraded(manage, site, session, link, [before, after])
    databases.drop(server, variant)


def test_the_database_was_loaded_by_the_main_django_and_is_served_by_the_newest(upgraded):
    series = [".".join(version.split(".")[:2]) for version in upgraded.versions]
    every = environments.environments()
    assert series == [every[0].django, every[-1].django]


def test_there_is_nothing_to_migrate(upgraded):
    done = upgraded.manage("migrate")
    assert done.returncode == 0, done.stderr
    assert "No migrations to apply." in done.stdout


def test_there_are_no_migrations_to_make(upgraded):
    done = upgraded.manage("makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout
    assert "No changes detected" in done.stdout


def test_who_was_logged_in_still_is(upgraded):
    assert f"Welcome, {VISITOR}" in upgraded.session.get(f"{upgraded.site}/").text


def test_a_password_still_works(upgraded):
    assert f"Welcome, {ANOTHER}" in Browser().log_in(upgraded.site, ANOTHER).text


def test_a_reset_link_still_works(upgraded):
    form = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    Browser().fill_in(upgraded.link, **form)
    page = Browser().log_in(upgraded.site, FORGETFUL, NEW_PASSWORD)
    assert f"Welcome, {FORGETFUL}" in page.text
