"""How an act is measured: by clocks, by what PostgreSQL counts, and by how often it hashes."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from django.contrib.auth.hashers import get_hasher
from django.db import connection
from django.test.utils import override_settings
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from workbench.bench.inside import people
from workbench.bench.inside.acts import Act, new
from workbench.bench.inside.site import Site
from workbench.bench.result import Counts, Hashes, Sample

# calls for one sample, if there is time
CALLS = 20
# calls with the project's own hasher, which takes long
HASHED = 5
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
TRANSACTION = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)\b", re.IGNORECASE)

Seen = list[dict[str, float]]


def sample(act: Act, numbers: Sequence[int], budget: float) -> Sample:
    """The median call, in microseconds, of as many as fit into so many seconds; at least one."""
    wall, cpu = [], []
    until = time.perf_counter() + budget
    for number in numbers[:CALLS]:
        given = act.ready(number)
        cpu_began, began = time.process_time_ns(), time.perf_counter_ns()
        act.call(given)
        ended, cpu_ended = time.perf_counter_ns(), time.process_time_ns()
        wall.append((ended - began) / 1000)
        cpu.append((cpu_ended - cpu_began) / 1000)
        if time.perf_counter() > until:
            break
    act.tidy()
    # the first one finds the caches full of what other processes did
    first = 1 if len(wall) > 2 else 0
    return {"wall_us": median(wall[first:]), "cpu_us": median(cpu[first:]), "calls": len(wall)}


def counted(act: Act, numbers: Sequence[int], raw: Any, observer: Any) -> Counts:
    """What one call asks of PostgreSQL: the medians of some.

    raw: psycopg's connection on which the act works. Each act is done once more beforehand, so
    that no page is written to the log whole (PostgreSQL 18 docs, full_page_writes).
    """
    found = []
    for number in numbers:
        act.call(act.ready(number))
        found.append({"wal_bytes": logged(act, number, observer)} | asked(act, number, raw))
    act.tidy()
    counts: Any = {key: round(median(one[key] for one in found)) for key in found[0]}
    return counts  # type: ignore[no-any-return]


def logged(act: Act, number: int, observer: Any) -> int:
    """How many bytes of log a call makes PostgreSQL write; nobody else may be at work."""
    given = act.ready(number)
    before = position(observer)
    act.call(given)
    return position(observer) - before


def position(observer: Any) -> int:
    """Where the log ends, in bytes."""
    row = observer.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS at").fetchone()
    return int(row["at"])


def asked(act: Act, number: int, raw: Any) -> dict[str, float]:
    """The statements of a call, the buffers that they touch, and what they take PostgreSQL.

    A statement that cannot be explained (COPY) counts as one, and as no buffer and no time.
    """
    given = act.ready(number)
    with watched(raw) as seen:
        act.call(given)
    keys = ("buffers", "planning_us", "server_us")
    return {"statements": len(seen)} | {key: sum(one[key] for one in seen) for key in keys}


@contextmanager
def watched(raw: Connection[Any]) -> Iterator[Seen]:
    """Explain each statement of this connection before it runs, and undo that again."""
    seen: Seen = []
    plain = raw.cursor_factory

    class Watched(plain):  # type: ignore[valid-type, misc]
        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            text = query.as_string(raw) if isinstance(query, sql.Composable) else query
            if not TRANSACTION.match(text):
                seen.append(explained(text, params))
            return super().execute(query, params, **more)

        def copy(self, *arguments: Any, **more: Any) -> Any:
            seen.append({"buffers": 0, "planning_us": 0, "server_us": 0})
            return super().copy(*arguments, **more)

    def explained(text: str, params: Any) -> dict[str, float]:
        with raw.transaction(force_rollback=True):
            cursor = plain(raw, row_factory=tuple_row)
            [[[told]]] = cursor.execute(EXPLAIN + text, params).fetchall()
        plan = told["Plan"]
        return {
            "buffers": plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
            "planning_us": told["Planning Time"] * 1000,
            "server_us": told["Execution Time"] * 1000,
        }

    raw.cursor_factory = Watched
    try:
        yield seen
    finally:
        raw.cursor_factory = plain


def djangos_connection() -> Any:
    """psycopg's connection under Django's."""
    connection.ensure_connection()
    return connection.connection


def hashes(subject: str, site: Site, hashers: list[str]) -> list[Hashes]:
    """Return how often a registration and a login hash with these hashers, and what they take."""
    newcomers = [new(True) for _ in range(HASHED)]
    names = [who["username"] for who in newcomers]
    with override_settings(PASSWORD_HASHERS=hashers):
        try:
            return [
                hashed(subject, "register_page", site.register, newcomers),
                hashed(subject, "login_page", site.log_in, names),
            ]
        finally:
            people.remove_new()


def hashed(subject: str, operation: str, act: Callable[[Any], Any], given: Sequence[Any]) -> Hashes:
    """Call the act with each; return the hasher, how often a call hashes, and its median CPU."""
    hasher: Any = type(get_hasher())
    cpu = []
    with counting(hasher) as seen:
        for one in given:
            began = time.process_time_ns()
            act(one)
            cpu.append((time.process_time_ns() - began) / 1000)
    return {
        "subject": subject,
        "operation": operation,
        "hasher": hasher.algorithm,
        "hashes": len(seen) // len(given),
        "cpu_us": median(cpu),
    }


@contextmanager
def counting(hasher: Any) -> Iterator[list[str]]:
    """The calls that hash; one inside another counts once."""
    seen: list[str] = []
    inside: list[str] = []
    plain = {name: getattr(hasher, name) for name in ("encode", "verify")}

    def noted(name: str) -> Any:
        def call(self: Any, *arguments: Any) -> Any:
            if not inside:
                seen.append(name)
            inside.append(name)
            try:
                return plain[name](self, *arguments)
            finally:
                inside.pop()

        return call

    for name in plain:
        setattr(hasher, name, noted(name))
    try:
        yield seen
    finally:
        for name, method in plain.items():
            setattr(hasher, name, method)
