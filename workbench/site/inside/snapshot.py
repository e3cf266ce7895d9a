"""What the variant does, looked at in a database of its own.

Its argument is a JSON object: `database`, an empty one, and `csv`, `password` and `superuser` for
the demo players. Once the database is migrated and has these players it says so by a line on its
output and waits for one on its input: that is the state to look at from outside. Then it adds many
more players, and says as one line of JSON what each operation and each page asks of PostgreSQL.
"""

import datetime
import io
import json
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import setup_test_environment

from workbench.inside.migrate import Row, add, demo_rows, fill

MORE = 10_000
JOINED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
# as long as Django wants a salt to be, or a login would hash the password anew
SALT = "SaltOfEachDemoPlayer42"


def main() -> None:
    """Do it."""
    order = json.loads(sys.argv[1])
    settings.DATABASES["default"]["NAME"] = order["database"]
    django.setup()
    setup_test_environment(debug=False)
    call_command("migrate", interactive=False, verbosity=0)
    fill(demo_rows(Path(order["csv"])), order["superuser"])
    make_steady(order["password"])
    print("ready", flush=True)
    if not sys.stdin.readline():
        return  # whoever asked is gone
    add(more_players())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    print(json.dumps(looked_at(order["password"], order["superuser"])))


def make_steady(password: str) -> None:
    """Give everybody the password, by one salt, and no time of today: the same in every run."""
    get_user_model()._default_manager.update(
        password=make_password(password, salt=SALT), date_joined=JOINED
    )
    MigrationRecorder(connection).migration_qs.update(applied=JOINED)


def more_players() -> list[Row]:
    """10,000 players, all of them grown up."""
    first = datetime.date(1960, 1, 1)
    return [
        {
            "username": f"player{n:04}",
            "email": f"player{n:04}@example.com",
            "birthdate": first + datetime.timedelta(days=13 * n % 16_000),
            "discord_id": f"{300_000_000_000_000_000 + 7_919 * n}",
            "zoom_id": f"{9_000_000_000 + 7_919 * n}",
        }
        for n in range(MORE)
    ]


def looked_at(password: str, superuser: str) -> dict[str, Any]:
    """All that is said."""
    # they want Django to be set up
    from workbench.site.inside.calls import operations
    from workbench.site.inside.scenes import scenes

    return {
        "players": get_user_model()._default_manager.count(),
        "migrations": migrations(),
        "operations": operations(),
        "scenes": scenes(password, superuser),
    }


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


if __name__ == "__main__":
    main()
