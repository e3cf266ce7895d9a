"""Two sessions of PostgreSQL at once: for locks, races, and what a second visitor sees.

They see each other's rows only if these are committed: ask for the fixture transactional_db.
"""

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.db import connection

from suite.evidence import evidence

PATIENCE = 60  # seconds, for what should take milliseconds


class Session:
    """A thread with a connection of its own, in which the ORM works as anywhere.

    do(action) runs it and gives its result; start(action) lets it run, is_waiting() says whether
    a lock holds it up, finish() gives its result. An action's exception is raised by do and finish.
    """

    def __init__(self):
        self.thread = ThreadPoolExecutor(max_workers=1)
        self.pid = self.do(self._open)
        self.monitor = psycopg.connect(dbname=connection.settings_dict["NAME"], autocommit=True)
        self.running = None

    def _open(self):
        connection.ensure_connection()
        connection.execute_wrappers.append(evidence.statements)
        return connection.connection.info.backend_pid

    def do(self, action):
        return self.thread.submit(action).result(PATIENCE)

    def begin(self):
        self.do(lambda: connection.set_autocommit(False))

    def commit(self):
        self.do(lambda: (connection.commit(), connection.set_autocommit(True)))

    def rollback(self):
        self.do(lambda: (connection.rollback(), connection.set_autocommit(True)))

    def start(self, action):
        self.running = self.thread.submit(action)

    def is_waiting(self):
        """Whether the started action waits for a lock; False as soon as it has ended."""
        for _ in range(PATIENCE * 100):
            if wait([self.running], timeout=0.01).done:
                return False
            blocked = self.monitor.execute(
                "SELECT cardinality(pg_blocking_pids(%s)) > 0", [self.pid]
            ).fetchone()[0]
            if blocked:
                return True
        raise TimeoutError("The session neither ended nor waited.")

    def finish(self):
        return self.running.result(PATIENCE)

    def close(self):
        self.monitor.execute("SELECT pg_terminate_backend(%s)", [self.pid])
        self.monitor.close()
        self.thread.submit(lambda: connection.close()).result(PATIENCE)
        self.thread.shutdown()


@contextmanager
def session():
    """A second session, closed at the end of the block."""
    opened = Session()
    try:
        yield opened
    finally:
        opened.close()


@dataclass
class Race:
    """What came of two actions at once: each one's result or exception, and whether one waited."""

    first: object
    second: object
    second_waited: bool


def at_the_same_moment(first, second):
    """Run `second` while `first` has done its work but not committed it; then commit `first`.

    So `second` sees nothing of `first` in its checks, in every run. Returns a Race.
    """
    with session() as one, session() as two:
        one.begin()
        result = one.do(lambda: said(first))
        two.start(lambda: said(second))
        waited = two.is_waiting()
        one.commit()
        return Race(result, two.finish(), waited)


def said(action):
    """The action's result, or its exception (kept as evidence) as a value."""
    try:
        return action()
    except Exception as error:
        evidence.add("error", f"{type(error).__name__}: {error}")
        return error
