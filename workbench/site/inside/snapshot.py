"""What the variant does, looked at in a database of its own.

Its order is `demo`, the demo players. Once the database is migrated and has these players it says
so and waits: that is the state to look at from outside. Then it adds many more players, and says
what each operation and each page asks of PostgreSQL.
"""

import importlib
import io
from datetime import date
from pprint import pformat
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.test.utils import setup_test_environment

from workbench.inside import hear, say
from workbench.inside.record_sql import recorded
from workbench.inside.setup import add_demo_players, crowd, migrate


def main(demo: dict[str, str]) -> None:
    """Make the tables and players, wait, and say what was seen."""
    setup_test_environment(debug=False)
    migrate()
    add_demo_players(demo, steady=True)
    say("ready")
    if hear() is None:
        return  # whoever asked is gone
    say(
        {
            "players": crowd(),
            "migrations": migrations(),
            "operations": operations(),
            "scenes": scenes(demo["password"], demo["superuser"]),
        }
    )


def migrations() -> dict[str, str]:
    """The SQL of each migration of the app players, as sqlmigrate has it."""
    loader = MigrationLoader(connection)
    names = sorted(name for app, name in loader.disk_migrations if app == "players")
    return {name: sql_of(name) for name in names}


def sql_of(migration: str) -> str:
    """What PostgreSQL is asked by one migration."""
    printed = io.StringIO()
    call_command("sqlmigrate", "players", migration, stdout=printed, no_color=True)
    return printed.getvalue()


# the call, and what to call instead where the extras cannot be kept
CALLS = {
    "register": (
        """roster.register(
    "tasha",
    "roll-for-initiative",
    email="tasha@example.com",
    birthdate=date(1990, 10, 5),
    discord_id="284019375620184321",
    zoom_id="81736452910",
)""",
        'roster.register("tasha", "roll-for-initiative", email="tasha@example.com")',
    ),
    "find": ('roster.find("arannis")', ""),
    "page": ('roster.page(after="brakka", size=3)', ""),
    "by_discord_id": ('roster.by_discord_id("284019375620184320")', ""),
    "count_under": ("roster.count_under(18)", ""),
    "change": (
        'roster.change("arannis", email="arannis@example.org", zoom_id="81736452911")',
        'roster.change("arannis", email="arannis@example.org")',
    ),
    "remove": ('roster.remove("tasha")', ""),
    "add_many": (
        """roster.add_many(
    [
        {"username": "volo", "birthdate": date(1985, 4, 1)},
        {"username": "xanathar", "zoom_id": "81736452912"},
    ]
)""",
        'roster.add_many([{"username": "volo"}, {"username": "xanathar"}])',
    ),
}


def operations() -> dict[str, dict[str, Any]]:
    """What came of each call, by the name of the operation."""
    found = {}
    for name, (call, instead) in CALLS.items():
        found[name] = called(call)
        refused = found[name]["error"] is not None
        found[name]["instead"] = called(instead) if refused and instead else None
    return found


def called(source: str) -> dict[str, Any]:
    """The call, its result as Python writes it or its error, and the statements that it ran."""
    roster = importlib.import_module("players.roster")
    result = error = None
    with recorded() as statements:
        try:
            # what is shown is what ran
            result = eval(source, {"roster": roster, "date": date})
        except getattr(roster, "CannotDo", ()) as refusal:
            error = f"CannotDo: {refusal}"
    return {
        "call": source,
        "result": None if error else pformat(result, width=80, sort_dicts=False),
        "error": error,
        "statements": statements,
    }


NEW_PASSWORD = "The dragon wakes at 7"
DETAILS = {
    "email": "jasperthorn@example.org",
    "birthdate": "1990-10-06",
    "discord_id": "374650192837465019",
    "zoom_id": "917 2836 4550",
}


def scenes(password: str, superuser: str) -> dict[str, dict[str, Any]]:
    """What came of each visit, by its name; password is that of all demo players."""
    player, staff = logged_in("jasperthorn"), logged_in(superuser)
    registration = {"username": "elminster", "password1": password, "password2": password}
    passwords = {
        "old_password": password,
        "new_password1": NEW_PASSWORD,
        "new_password2": NEW_PASSWORD,
    }
    return {
        "register_page": visited(Client(), "POST", "/register/", registration | DETAILS),
        "login_page": visited(
            Client(), "POST", "/login/", {"username": "kethra", "password": password}
        ),
        "home": visited(player, "GET", "/"),
        "profile_view": visited(player, "GET", "/profile/"),
        "profile_edit": visited(player, "POST", "/profile/", DETAILS),
        "password_change": visited(player, "POST", "/password_change/", passwords),
        "players_page": visited(Client(), "GET", "/players/"),
        "admin_changelist": visited(staff, "GET", admin_page("changelist")),
        "admin_edit": edited(staff, "lorimir"),
        "delete_account": visited(player, "POST", "/profile/delete/", {"password": NEW_PASSWORD}),
    }


def logged_in(username: str) -> Client:
    """A browser in which this user is logged in."""
    client = Client()
    client.force_login(get_user_model()._default_manager.get(username=username))
    return client


def visited(client: Client, method: str, path: str, form: Any = None) -> dict[str, Any]:
    """One request: its first line, the answer's status, and the statements that it ran."""
    with recorded() as statements:
        response = getattr(client, method.lower())(path, form)
    return {
        "request": f"{method} {path}",
        "status": response.status_code,
        "statements": statements,
    }


def edited(staff: Client, username: str) -> dict[str, Any]:
    """Save a player's page in the admin with another birthdate, if it asks for one."""
    user = get_user_model()._default_manager.get(username=username)
    path = admin_page("change", user.pk)
    form = importlib.import_module("suite.adminpages").filled(staff.get(path))
    birthdates = [name for name in form if name.endswith("-0-birthdate") or name == "birthdate"]
    return visited(staff, "POST", path, form | dict.fromkeys(birthdates, "1975-04-24"))


def admin_page(name: str, *arguments: Any) -> str:
    """The address of a page of the accounts in the admin."""
    return str(importlib.import_module("suite.adminpages").page(name, *arguments))
