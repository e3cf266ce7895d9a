"""Adds the players of a seed to a database of the variant.

Its argument is a JSON object: `database`, `players` (how many), `seed`, `password` or null, and
`demo`, what workbench.inside.migrate takes. Each line on its output is a JSON object: now and then
`handed_over`, how many players so far, and at last `seconds`, or `taken` if somebody has a name.
"""

import importlib
import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

from workbench.inside.migrate import demo_rows, fill
from workbench.seed.players import Player, players

# players between two lines on the output
STEP = 10_000


def main() -> None:
    """Do it."""
    order = json.loads(sys.argv[1])
    settings.DATABASES["default"]["NAME"] = order["database"]
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    demo = {} if get_user_model()._default_manager.exists() else order["demo"]
    came = added(order["players"], order["seed"], order["password"])
    if "taken" not in came:
        if demo:
            fill(demo_rows(Path(demo["csv"])), demo["superuser"], demo["password"])
        tidy()
    say(came)


def added(number: int, seed: int, password: str | None) -> dict[str, Any]:
    """Add the players, with what the variant can keep of their details."""
    roster = importlib.import_module("players.roster")
    errors = importlib.import_module("players.errors")
    began = time.perf_counter()
    try:
        try:
            roster.add_many(counted(players(number, seed)), password)
        except errors.CannotDo:
            roster.add_many(counted(players(number, seed, extras=False)), password)
    except errors.UsernameTaken:
        return {"taken": True}
    return {"seconds": time.perf_counter() - began}


def counted(rows: Iterable[Player]) -> Iterator[Player]:
    """The same rows; says how many there were."""
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if number % STEP == 0:
            say({"handed_over": number})
    say({"handed_over": number})


def tidy() -> None:
    """Let PostgreSQL gather its statistics, and mark the pages as seen by all: autovacuum would."""
    models = [get_user_model(), *apps.get_app_config("players").get_models()]
    tables = {connection.ops.quote_name(model._meta.db_table) for model in models}
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(sorted(tables))}")


def say(what: dict[str, Any]) -> None:
    """One line."""
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
