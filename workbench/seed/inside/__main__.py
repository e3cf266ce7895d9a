"""Add the players of a seed to a database of the variant.

Its argument is a JSON object: `database`, `players` (how many), `seed`, `password` or null, and
`demo`, what workbench.inside.migrate takes. Each line on its output is a JSON object: now and then
`handed_over`, how many players so far, and at last `seconds`, or `taken` if a username is taken.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import IntegrityError, connection

from workbench.inside.migrate import demo_rows, fill
from workbench.seed.inside import loader
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
    began = time.perf_counter()
    try:
        loader.load(counted(players(order["players"], order["seed"])), order["password"])
    except IntegrityError as error:
        if not is_taken_username(error):
            raise
        say({"taken": True})
        return
    seconds = time.perf_counter() - began
    if demo:
        fill(demo_rows(Path(demo["csv"])), demo["superuser"], demo["password"])
    vacuum()
    say({"seconds": seconds})


def is_taken_username(error: IntegrityError) -> bool:
    """Return whether PostgreSQL refused a username that is there already."""
    cause: Any = error.__cause__
    return "username" in (cause.diag.constraint_name or "")


def counted(rows: Iterable[Player]) -> Iterator[Player]:
    """Yield the same rows, and say how many there were so far."""
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if number % STEP == 0:
            say({"handed_over": number})
    say({"handed_over": number})


def vacuum() -> None:
    """Let PostgreSQL gather statistics and mark all pages as visible, as autovacuum would."""
    tables = (connection.ops.quote_name(model._meta.db_table) for model in loader.models())
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(tables)}")


def say(what: dict[str, Any]) -> None:
    """Write one line."""
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
