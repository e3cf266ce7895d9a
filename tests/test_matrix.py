"""`workbench matrix`: the Djangos and PostgreSQLs that it takes, and what it says without them."""

import re
import shutil
import subprocess
import sys

import pytest
from sample import sample

from conftest import environment
from workbench.errors import WorkbenchError
from workbench.matrix import environments
from workbench.paths import PROJECT

# what the suite needs of the project
OF_THE_SUITE = ("conftest.py", "pyproject.toml", "results", "suite", "variants", "workbench")
# the lock that the admin takes while staff save a user: one statement
LOCK = 'if user and request.method == "POST":'
CONCERNED = "test_statements_of_an_admin_change_of_email_and_birthdate"
QUESTIONS = [
    CONCERNED,
    "test_words_of_the_admins_history",
    "test_content_type_in_the_admins_history",
]


@pytest.fixture
def changed(tmp_path):
    """A copy of the project in which one variant's admin no longer locks the user."""
    for name in OF_THE_SUITE:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    admin = tmp_path / "variants" / "profile_onetoone" / "players" / "admin.py"
    assert LOCK in admin.read_text()
    admin.write_text(admin.read_text().replace(LOCK, "if False:"))
    return tmp_path


@pytest.fixture(params=sample(["main", "newest"], ["newest"]))
def python(request):
    """The command of a Python with the main or the newest Django."""
    if request.param == "main":
        return [sys.executable]
    return request.getfixturevalue("newest_django")


def test_a_change_of_one_variant_shows_in_the_answers_concerned_alone(changed, python, server):
    asked = [f"suite/questions/test_admin.py::{question}" for question in QUESTIONS]
    ended = subprocess.run(
        [*python, "-m", "pytest", "--color=no", *asked],
        cwd=changed,
        env=environment(changed / "data", **server),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert re.findall(r"^FAILED \S+::(\w+)", ended.stdout, re.MULTILINE) == [CONCERNED], ended
    # in CI, pytest says it once more in its summary
    variants = set(re.findall(r"^  variant: +(\w+)", ended.stdout, re.MULTILINE))
    assert variants == {"profile_onetoone"}
    assert f"1 failed, {4 * len(QUESTIONS) - 1} passed" in ended.stdout


def test_an_unknown_django_is_one_sentence(bare):
    assert "no supported Django '4.2'" in bare.complaint("matrix", "--django", "4.2")


def test_only_a_whole_run_is_recorded(bare):
    assert "leave out --django" in bare.complaint("matrix", "--django", "6.1", "--record")
    assert "and --postgresql" in bare.complaint("matrix", "--postgresql", "15", "--record")


def test_a_missing_python_is_one_sentence(monkeypatch):
    monkeypatch.setattr(environments, "candidates", lambda: iter(["/no/such/python"]))
    with pytest.raises(WorkbenchError, match=r"needs Python 3\.99 or newer, and none was found"):
        environments.find_python(environments.Environment("9.9", "3.99"))


def test_a_postgresql_that_is_not_installed_is_one_sentence(bare):
    sentence = bare.complaint("matrix", "--postgresql", "9")
    assert sentence.startswith("No PostgreSQL 9 is installed: install it (Debian: apt install ")


def test_a_pghost_of_another_version_is_one_sentence(bare, server):
    sentence = bare.complaint("matrix", "--postgresql", "15", **server)
    assert sentence.startswith("PostgreSQL 15 was asked for, and PGHOST=")
    assert "is PostgreSQL 18: let PGHOST name another server" in sentence
