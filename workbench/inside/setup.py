"""The variant set up on a database of its own, with the demo players, the same at every start."""

from pathlib import Path

import django

from workbench.server.prepare import DEMO


def set_up(database: str) -> None:
    """Let Django use this empty database; it is migrated and filled.

    The environment names the settings and the server. A second call turns to another database.
    """
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from workbench.inside.migrate import demo_rows, fill
    from workbench.site.inside.snapshot import make_steady

    connection.close()
    connection.settings_dict["NAME"] = database
    call_command("migrate", interactive=False, verbosity=0)
    fill(demo_rows(Path(DEMO["csv"])), DEMO["superuser"])
    make_steady(DEMO["password"])


def crowd() -> int:
    """Add many more players, so that plans are those of a site in use; returns how many there are.

    PostgreSQL gathers its statistics anew.
    """
    from django.contrib.auth import get_user_model
    from django.db import connection

    from workbench.inside.migrate import add
    from workbench.site.inside.snapshot import more_players

    add(more_players())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return get_user_model()._default_manager.count()
