"""The variant's pages, visited as a browser would, and what each visit asks of PostgreSQL."""

import importlib
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client

from workbench.inside.record_sql import recorded

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
