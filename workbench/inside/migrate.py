"""Migrates the variant's database and, if asked, fills it with demo players.

Its argument is a JSON object: empty, or `csv`, `password` and `superuser` for the demo players.
"""

import csv
import datetime
import importlib
import json
import sys
from pathlib import Path

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction

Row = dict[str, str | datetime.date]


def main() -> None:
    """Do it, silently."""
    order = json.loads(sys.argv[1])
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if order and not get_user_model()._default_manager.exists():
        fill(demo_rows(Path(order["csv"])), order["superuser"], order["password"])


def demo_rows(path: Path) -> list[Row]:
    """The players of the file, without what was left blank."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_typed(row) for row in csv.DictReader(file)]


def _typed(row: dict[str, str]) -> Row:
    filled: Row = {key: value for key, value in row.items() if value}
    if row["birthdate"]:
        filled["birthdate"] = datetime.date.fromisoformat(row["birthdate"])
    return filled


def fill(rows: list[Row], superuser: str, password: str | None = None) -> None:
    """Add the players, without the extras where the variant cannot keep them, and a superuser.

    Without a password nobody can log in.
    """
    with transaction.atomic():
        add(rows, password)
        get_user_model()._default_manager.create_superuser(  # type: ignore[attr-defined]
            superuser, f"{superuser}@example.com", password
        )


def add(rows: list[Row], password: str | None = None) -> None:
    """Add the players, with what the variant can keep of their details."""
    roster = importlib.import_module("players.roster")
    cannot_do = getattr(roster, "CannotDo", ())
    try:
        roster.add_many(rows, password=password)
    except cannot_do:
        plain = [{key: row[key] for key in ("username", "email")} for row in rows]
        roster.add_many(plain, password=password)


if __name__ == "__main__":
    main()
