"""What PostgreSQL was asked: each statement with its values, and the plan for it.

What differs from run to run is written as what it is: `<time>`, `<session key>`.
"""

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from suite import evidence

# EXPLAIN takes neither: BEGIN and its kin, and COPY, which has no choice to make
UNPLANNED = re.compile(rf"{evidence.TRANSACTION.pattern}|COPY\b", re.IGNORECASE)
UNSTEADY = [
    # a password with which nobody can log in is an exclamation mark and some random letters
    (re.compile(r"(?<=['{,])![A-Za-z0-9]{40}\b"), "!..."),
    (re.compile(r"'[a-z0-9]{32}'"), "'<session key>'"),
    (re.compile(r"'[\w.-]+:\w+:[\w-]{43}'"), "'<session data>'"),
    # Django names a savepoint after its thread
    (re.compile(r'"s\d+_x(\d+)"'), r'"savepoint_\1"'),
]


@contextmanager
def recorded() -> Iterator[list[dict[str, str | None]]]:
    """A list that has, after the block, what ran in it: [{"sql": ..., "plan": ... or None}]."""
    found: list[dict[str, str | None]] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    ran = [query["sql"] for query in captured.captured_queries]
    found += [{"sql": steady(sql), "plan": plan(sql)} for sql in ran]


def plan(sql: str) -> str | None:
    """How PostgreSQL would run the statement, which is not run; None if it plans nothing."""
    if UNPLANNED.match(sql):
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}")
        return steady("\n".join(line for (line,) in cursor.fetchall()))


def steady(text: str) -> str:
    """The text as it is in every run."""
    for pattern, instead in UNSTEADY:
        text = pattern.sub(instead, text)
    roster = importlib.import_module("players.roster")
    if hasattr(roster, "born_after"):
        text = text.replace(f"'{roster.born_after(18)}'", "'<today, 18 years ago>'")
    return str(evidence.steady(text))  # type: ignore[no-untyped-call]
