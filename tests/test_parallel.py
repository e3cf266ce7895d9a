"""The four variants are parallel: what does not carry the approach is the same, byte for byte."""

import difflib
import os
import subprocess
import sys
from contextlib import contextmanager
from itertools import combinations

import pytest

from conftest import roster_functions
from workbench import variants
from workbench.server import postgres

# What carries the approach, and so may differ.
DIFFERING = {
    "README.md",
    "config/settings.py",
    "players/admin.py",
    "players/forms.py",
    "players/migrations/0001_initial.py",
    "players/migrations/0002_unique_username_ignoring_case.py",
    "players/models.py",
    "players/roster.py",
    "players/templates/players/approach.html",
    "players/templates/players/home.html",
    "players/templates/players/profile.html",
    "players/templates/players/register.html",
    "players/views.py",
}
# What only one variant has, and what it alone lacks.
OWN = {"proxy_model": {"players/backends.py"}}
LACKING = {"proxy_model": {"players/validators.py"}}
# What every roster can do.
OPERATIONS = ["register", "find", "page", "by_discord_id", "count_under", "change", "remove"]
OPERATIONS += ["add_many"]
# The lines in which settings differ.
SETTINGS = {
    'AUTH_USER_MODEL = "auth.User"',
    'AUTH_USER_MODEL = "players.User"',
    'AUTHENTICATION_BACKENDS = ["players.backends.PlayerBackend"]',
}


def files(variant):
    """{path in the variant: bytes} of what git keeps."""
    folder = variants.path(variant)
    kept = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return {name: (folder / name).read_bytes() for name in kept if (folder / name).exists()}


PAIRS = list(combinations(variants.VARIANTS, 2))
TREES = {variant: files(variant) for variant in variants.VARIANTS}


@pytest.mark.parametrize("variant", variants.VARIANTS)
def test_a_variant_has_the_files_that_all_have(variant):
    expected = TREES["custom_user"].keys() | OWN.get(variant, set())
    assert TREES[variant].keys() == expected - LACKING.get(variant, set())


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_files_that_do_not_carry_the_approach_are_the_same(one, other):
    common = TREES[one].keys() & TREES[other].keys()
    assert {name for name in common if TREES[one][name] != TREES[other][name]} <= DIFFERING


def test_no_file_is_listed_as_differing_that_is_the_same_everywhere():
    same = {name for name in DIFFERING if len({tree[name] for tree in TREES.values()}) == 1}
    assert same == set()


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_settings_differ_in_the_named_lines_only(one, other):
    texts = [TREES[name]["config/settings.py"].decode().splitlines() for name in (one, other)]
    differing = [line[2:] for line in difflib.ndiff(*texts) if line[0] in "+-"]
    assert set(differing) <= SETTINGS


@pytest.mark.parametrize("variant", variants.VARIANTS)
def test_the_roster_has_the_same_operations_in_the_same_order(variant):
    assert [name for name in roster_functions(variant) if name in OPERATIONS] == OPERATIONS


@pytest.mark.parametrize("variant", variants.VARIANTS)
def test_no_variant_knows_the_workbench(variant):
    for name, content in TREES[variant].items():
        if name.endswith(".py"):
            assert b"workbench" not in content, name
            assert b"suite" not in content, name


BLIND = """
import sys
sys.path.insert(0, {folder!r})
sys.modules["workbench"] = sys.modules["suite"] = None
"""
MIGRATE = """
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "migrate", "-v0"])
"""
REGISTER = """
import django
django.setup()
from django.test import Client
from players import roster
sent = {"username": "bob", "password1": "The dragon sleeps at 9", "birthdate": "1990-02-03"}
sent["password2"] = sent["password1"]
client = Client(headers={"host": "localhost"})
assert client.post("/register/", sent)["Location"] == "/"
assert client.get("/profile/").status_code == 200
print(roster.find("bob"))
"""


@contextmanager
def database(server, name):
    with postgres.connect(server, "postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("variant", variants.VARIANTS)
def test_a_copy_of_a_variant_alone_migrates_and_registers_a_player(variant, tmp_path, sites):
    """-I keeps this project's folder off sys.path; its packages, installed beside, are barred."""
    name = f"copy_of_{variant}"
    copy = tmp_path / name
    for path, content in TREES[variant].items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes(content)
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings", **sites.env}

    def run(code):
        blind = BLIND.format(folder=str(copy)) + code
        return subprocess.run(
            [sys.executable, "-I", "-c", blind], cwd=copy, env=env, capture_output=True, text=True
        )

    with database(sites.env, name):
        migrated = run(MIGRATE)
        assert migrated.returncode == 0, migrated.stderr
        registered = run(REGISTER)
        assert registered.returncode == 0, registered.stderr
        assert "'username': 'bob'" in registered.stdout


@pytest.mark.parametrize("variant", variants.VARIANTS)
def test_in_production_a_variant_passes_the_deployment_check(variant):
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "DJANGO_ALLOWED_HOSTS": "roster.example",
    }
    ended = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level=WARNING"],
        cwd=variants.path(variant),
        env=env,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    # a new project cannot promise HTTPS for all subdomains or for ever
    assert "no issues (2 silenced)" in ended.stdout
