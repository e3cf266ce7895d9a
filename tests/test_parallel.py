"""The four variants are parallel: what does not carry the approach is the same, byte for byte."""

import ast
import difflib
import io
import os
import subprocess
import sys
import tokenize
from contextlib import contextmanager
from itertools import combinations

import pytest

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
# A proxy model has a backend that returns it, and no fields to validate.
OWN = {"proxy_model": {"players/backends.py"}}
LACKING = {"proxy_model": {"players/validators.py"}}
# What the roster of each variant can do, in this order.
OPERATIONS = [
    "register",
    "find",
    "page",
    "by_discord_id",
    "count_under",
    "change",
    "remove",
    "add_many",
]
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
    shared = TREES["custom_user"].keys() - LACKING.get(variant, set())
    assert TREES[variant].keys() == shared | OWN.get(variant, set())


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
def test_the_roster_has_all_operations(variant):
    body = ast.parse(TREES[variant]["players/roster.py"]).body
    functions = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    assert [name for name in functions if name in OPERATIONS] == OPERATIONS


def python(variant):
    """{path: source} of the Python files that a learner reads: all but the migrations."""
    return {
        name: content.decode()
        for name, content in TREES[variant].items()
        if name.endswith(".py") and "/migrations/" not in name
    }


def lines_of_code(source):
    """The numbers of the lines that are not blank and hold more than comments and docstrings."""
    no_code = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {
        number
        for token in tokens
        if token.type not in no_code | {tokenize.ENDMARKER}
        for number in range(token.start[0], token.end[0] + 1)
    }
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            lines -= set(range(docstring.lineno, docstring.end_lineno + 1))
    return lines


def test_blank_lines_comments_and_docstrings_are_no_lines_of_code():
    source = '''"""A module."""

# a comment
def register(username):
    """Create a user.

    Return its id.
    """
    return f"""
{username}"""  # another comment
'''
    assert lines_of_code(source) == {4, 9, 10}


@pytest.mark.parametrize("variant", variants.VARIANTS)
def test_a_variant_is_short(variant):
    files = python(variant)
    assert sum(len(lines_of_code(source)) for source in files.values()) <= 450
    assert {name for name, source in files.items() if len(source.splitlines()) > 130} == set()


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
    # The two that a new project cannot promise: HTTPS for all subdomains, and for ever.
    assert "no issues (2 silenced)" in ended.stdout


SHOW_SETTINGS = """
from config import settings
print(settings.ALLOWED_HOSTS, settings.EMAIL_USE_TLS, hasattr(settings, "SECURE_PROXY_SSL_HEADER"))
"""


@pytest.mark.parametrize(
    ("value", "is_on"), [("1", True), ("True", True), ("0", False), ("False", False), ("", False)]
)
def test_settings_read_switches_and_hosts_as_people_write_them(value, is_on):
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SECRET_KEY": "x",
        "DJANGO_ALLOWED_HOSTS": " roster.example, www.roster.example,",
        "DJANGO_EMAIL_TLS": value,
        "DJANGO_BEHIND_PROXY": value,
    }
    folder = variants.path("custom_user")
    shown = subprocess.check_output(
        [sys.executable, "-c", SHOW_SETTINGS], cwd=folder, env=env, text=True
    )
    assert shown == f"['roster.example', 'www.roster.example'] {is_on} {is_on}\n"
