"""What a move does to a running site: the locks that it holds, the tables that it rewrites."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workbench.server import postgres

# seconds between two looks
PAUSE = 0.01
# locks that make writers wait; the last one makes readers wait, too (PostgreSQL 18 docs, 13.3)
STRONG = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")

# of the tables that others see
LOCKS = """
    SELECT pg_class.relname, mode FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE locktype = 'relation' AND granted AND mode = ANY(%s) AND relkind = 'r'
      AND relnamespace = 'public'::regnamespace
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND pid <> pg_backend_pid()
"""


@dataclass
class Locks:
    """{(table, mode): the longest time in seconds that it was seen held without a pause}."""

    longest: dict[tuple[str, str], float] = field(default_factory=dict)
    since: dict[tuple[str, str], float] = field(default_factory=dict)

    def see(self, held: set[tuple[str, str]], now: float) -> None:
        """Note what is held now."""
        self.since = {lock: self.since.get(lock, now) for lock in held}
        for lock, began in self.since.items():
            self.longest[lock] = max(self.longest.get(lock, 0.0), now - began)


@contextmanager
def locks(server: Mapping[str, str], database: str) -> Iterator[Locks]:
    """What strong locks others hold in the database while the block runs."""
    seen, over = Locks(), threading.Event()
    with postgres.connect(server, database) as connection:

        def look() -> None:
            while not over.wait(PAUSE):
                rows: Any = connection.execute(LOCKS, [list(STRONG)]).fetchall()
                seen.see(set(rows), time.monotonic())

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


def files(connection: Any) -> dict[int, tuple[str, int]]:
    """{oid: (name, file)} of each table: another file of the same table is a rewritten table."""
    found = connection.execute(
        "SELECT oid, relname, pg_relation_filenode(oid) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    return {oid: (name, file) for oid, name, file in found}


def rewritten(before: dict[int, tuple[str, int]], after: dict[int, tuple[str, int]]) -> list[str]:
    """The tables that stayed and lie in another file now, by their names after."""
    return sorted(
        name for oid, (name, file) in after.items() if oid in before and before[oid][1] != file
    )
