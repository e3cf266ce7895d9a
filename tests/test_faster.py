"""The recipes in benchmarks/faster/: each does what it says, and the pages behave as without it."""

import json
import subprocess
import sys

import pytest

from workbench.bench.subjects import of_variant, recipes
from workbench.server import databases
from workbench.server.processes import environment_of

PLAIN = of_variant("custom_user")
RECIPES = {recipe.recipe: recipe for recipe in recipes()}
PASSWORD = "The dragon wakes at 7"
ALICE = {
    "username": "alice",
    "email": "alice@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "birthdate": "1990-02-03",
    "discord_id": "200000000000000002",
    "zoom_id": "2223334444",
}
LOGIN = {"username": "alice", "password": PASSWORD}
VISITS = {
    "registered": ("/register/", ALICE),
    "taken": ("/register/", ALICE | {"username": "ALICE"}),
    "refused": ("/register/", ALICE | {"username": "bob", "zoom_id": "1"}),
    "logged in": ("/login/", LOGIN),
    "wrong password": ("/login/", LOGIN | {"password": "wrong"}),
}

# Sends each form as a new visitor. Says what came of it: the answer, the SQL, the rows.
VISITORS = """
import importlib, json, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.contrib.auth import get_user_model
setup_test_environment()
call_command("migrate", verbosity=0)
roster = importlib.import_module(sys.argv[1])

def visited(path, form):
    client = Client()
    with CaptureQueriesContext(connection) as ran:
        answer = client.post(path, form)
    sql = [query["sql"] for query in ran]
    page = client.get("/profile/", follow=True)
    return {
        "status": answer.status_code,
        "goes to": answer.headers.get("Location"),
        "errors": answer.context["form"].errors if answer.status_code == 200 else {},
        "user": page.context["user"].get_username(),
        "users": [str(row) for row in get_user_model().objects.values(*roster.DETAILS)],
        "last logins": get_user_model().objects.filter(last_login__isnull=False).count(),
        "sql": sql,
    }

def called(name, *arguments):
    with CaptureQueriesContext(connection) as ran:
        result = getattr(roster, name)(*arguments)
    return {"result": str(result), "sql": [query["sql"] for query in ran]}

visits, calls = json.loads(sys.stdin.read())
found = {name: visited(*visit) for name, visit in visits.items()}
roster.add_many([{"username": f"player{n}", "birthdate": "2000-01-01"} for n in range(9)])
told = [called(*call) for call in calls]
written = [its.cache_info().misses for its in vars(roster).values() if hasattr(its, "cache_info")]
print(json.dumps([found, told, written]))
"""
CALLS = [
    ("find", "alice"),
    ("find", "player1"),
    ("find", "ALICE"),
    ("find", "' OR 'a' = 'a"),
    ("page",),
    ("page", "player3", 2),
    ("page", "player3", 4),
    ("page", "z"),
]


def ran(subject, server):
    """Return what came of the visits and calls, and how often each cached function ran."""
    databases.anew(server, subject.name)
    env = environment_of(subject.folder, server) | {"DJANGO_SETTINGS_MODULE": subject.settings}
    done = subprocess.run(
        [sys.executable, "-c", VISITORS, subject.roster],
        input=json.dumps([VISITS, CALLS]),
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    databases.drop(server, subject.name)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def found(server):
    """What came of everything, plain ("") and with each recipe."""
    return {name: ran(its, server) for name, its in {"": PLAIN, **RECIPES}.items()}


def verbs(found, recipe, visit):
    """Return what a visit asks of the tables that registering changes, BEGIN and so on left out."""
    visits, *_ = found[recipe]
    words = [sql.replace('"', "").split() for sql in visits[visit]["sql"]]
    return [
        f"{its[0]} {table}"
        for its in words
        for table in ("players_user", "django_session")
        if table in its[:3] or (its[0] == "SELECT" and table in its)
    ]


@pytest.mark.parametrize("recipe", ["session_insert", "last_login_insert"])
@pytest.mark.parametrize("visit", VISITS)
def test_the_pages_behave_as_without_the_recipe(found, recipe, visit):
    plain, faster = (dict(found[name][0][visit]) for name in ("", recipe))
    assert plain.pop("sql")
    assert faster.pop("sql")
    assert faster == plain


def test_the_visits_are_what_they_are_called(found):
    visits, *_ = found[""]
    assert [its["status"] for its in visits.values()] == [302, 200, 200, 302, 200]
    assert [its["user"] for its in visits.values()] == ["alice", "", "", "alice", ""]
    assert [len(its["users"]) for its in visits.values()] == [1] * 5


@pytest.mark.parametrize("visit", ["registered", "logged in"])
def test_a_new_session_is_one_insert(found, visit):
    def of_session(recipe):
        return [verb for verb in verbs(found, recipe, visit) if verb.endswith("django_session")]

    assert of_session("") == [f"{verb} django_session" for verb in ("SELECT", "INSERT", "UPDATE")]
    assert of_session("session_insert") == ["INSERT django_session"]


def test_a_new_user_is_written_once(found):
    def of_user(recipe):
        its = verbs(found, recipe, "registered")
        return [verb for verb in its if verb in ("INSERT players_user", "UPDATE players_user")]

    assert of_user("") == ["INSERT players_user", "UPDATE players_user"]
    assert of_user("last_login_insert") == ["INSERT players_user"]
    assert "UPDATE players_user" in verbs(found, "last_login_insert", "logged in")


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_cached_sql_asks_the_same_and_returns_the_same(found, number):
    plain, cached = (found[name][1][number] for name in ("", "cached_sql"))
    assert cached["result"] == plain["result"]
    [its], [other] = plain["sql"], cached["sql"]
    # first() orders by the key, and asks for one row
    assert other == its.removesuffix(' ORDER BY "players_user"."id" ASC LIMIT 1')


def test_cached_sql_is_written_once_for_each_size_of_a_page(found):
    assert found["cached_sql"][2] == [1, len({50, 2, 4})]
