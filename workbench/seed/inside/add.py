"""Add the players of a seed to a database of the variant.

Its order is `number` (of players), `seed`, `password` or null, and `demo`, the demo players or
null. Now and then it says `handed_over`, how many players so far, and at last `seconds`, or `taken`
if a username is taken.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection

from workbench.inside import say, setup
from workbench.seed.inside import loader
from workbench.seed.players import Player, players

# players between two lines on the output
STEP = 10_000


def main(number: int, seed: int, password: str | None, demo: dict[str, str] | None) -> None:
    """Migrate the database, add the players and, if nobody was in it, the demo players."""
    setup.migrate()
    was_empty = not get_user_model()._default_manager.exists()
    began = time.perf_counter()
    try:
        loader.load(counted(players(number, seed)), password)
    except IntegrityError as error:
        if not is_taken_username(error):
            raise
        say({"taken": True})
        return
    seconds = time.perf_counter() - began
    if demo and was_empty:
        setup.add_demo_players(demo)
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
