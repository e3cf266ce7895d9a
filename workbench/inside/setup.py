"""Setting a Django project up on a database: its settings, its migrations, its demo players."""

import csv
import datetime
import importlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import django
from django.conf import settings as project
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

Row = dict[str, str | datetime.date]

MORE = 10_000
JOINED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
# as long as Django wants a salt to be, or a login would hash the password anew
SALT = "SaltOfEachDemoPlayer42"


def set_up(
    database: str = "", settings: Mapping[str, Any] | None = None, apps: Sequence[str] = ()
) -> None:
    """Set Django up on a database, or on the project's own; the environment names the server.

    settings: those that are to be otherwise. apps: further apps to install.
    """
    for name, value in (settings or {}).items():
        setattr(project, name, value)
    if apps:
        project.INSTALLED_APPS = [*project.INSTALLED_APPS, *apps]
    django.setup()
    if database:
        turn_to(database)


def turn_to(database: str) -> None:
    """Let Django use another database from now on."""
    connection.close()
    connection.settings_dict["NAME"] = database


def main(demo: dict[str, str] | None) -> None:
    """Migrate the database and, if asked and nobody is in it, add the demo players."""
    migrate()
    if demo and not get_user_model()._default_manager.exists():
        add_demo_players(demo)


def migrate(*target: str) -> None:
    """Migrate, silently, all apps or to the target: an app, a migration."""
    call_command("migrate", *target, interactive=False, verbosity=0)


def add_demo_players(demo: Mapping[str, str], *, steady: bool = False) -> None:
    """Add the players of the file `csv` and a `superuser`, all with the `password`.

    steady: one salt for all, and no time of today, so that the rows are the same in every run.
    """
    password = None if steady else demo["password"]
    with transaction.atomic():
        add(demo_rows(Path(demo["csv"])), password)
        get_user_model()._default_manager.create_superuser(  # type: ignore[attr-defined]
            demo["superuser"], f"{demo['superuser']}@example.com", password
        )
    if steady:
        get_user_model()._default_manager.update(
            password=make_password(demo["password"], salt=SALT), date_joined=JOINED
        )
        MigrationRecorder(connection).migration_qs.update(applied=JOINED)


def demo_rows(path: Path) -> list[Row]:
    """Return the players of the file, without what was left blank."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_typed(row) for row in csv.DictReader(file)]


def _typed(row: dict[str, str]) -> Row:
    filled: Row = {key: value for key, value in row.items() if value}
    if row["birthdate"]:
        filled["birthdate"] = datetime.date.fromisoformat(row["birthdate"])
    return filled


def add(rows: Sequence[Row], password: str | None = None) -> None:
    """Add the players, with the extra fields if the variant can store them.

    Without a password nobody can log in.
    """
    roster = importlib.import_module("players.roster")
    try:
        roster.add_many(rows, password=password)
    except getattr(roster, "CannotDo", ()):
        plain = [{key: row[key] for key in ("username", "email")} for row in rows]
        roster.add_many(plain, password=password)


def crowd() -> int:
    """Add those of 10,000 players, all grown up, that are missing; return how many users exist.

    So plans are those of a site in use. PostgreSQL gathers its statistics anew.
    """
    names = get_user_model()._default_manager.values_list("username", flat=True)
    known = {name.upper() for name in names}
    add([row for row in more_players() if str(row["username"]).upper() not in known])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return get_user_model()._default_manager.count()


def more_players() -> Iterable[Row]:
    """Yield 10,000 players, the same in every run."""
    first = datetime.date(1960, 1, 1)
    for n in range(MORE):
        yield {
            "username": f"player{n:04}",
            "email": f"player{n:04}@example.com",
            "birthdate": first + datetime.timedelta(days=13 * n % 16_000),
            "discord_id": f"{300_000_000_000_000_000 + 7_919 * n}",
            "zoom_id": f"{9_000_000_000 + 7_919 * n}",
        }
