"""What the variant does, looked at in a database of its own.

Its order is `demo`, the demo players. Once the database is migrated and has these players it says
so and waits: that is the state to look at from outside. Then it adds many more players, and says
what each operation and each page asks of PostgreSQL.
"""

import io

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test.utils import setup_test_environment

from workbench.inside.setup import add_demo_players, crowd, migrate
from workbench.inside.talk import hear, say
from workbench.site.inside.calls import operations
from workbench.site.inside.scenes import scenes


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
