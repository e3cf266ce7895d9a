"""The open sessions, in which Django writes by which backend somebody logged in."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.utils.module_loading import import_string

from moves.operations.base import Step, is_there
from moves.operations.batches import size
from moves.operations.locks import patiently

# few, where each batch is committed: each session is locked while it is written anew
BATCH = 200
# where all of them stay locked to the end of the migration, few would only be more statements
AT_ONCE = 20_000


class RenameBackend(Step):
    """Name another authentication backend in the open sessions, else everybody is logged out.

    In a migration with atomic = False each batch is committed at once.
    """

    atomic = False

    def __init__(self, old, new):
        self.old = old
        self.new = new

    def forwards(self, cursor):
        rename(cursor, self.old, self.new)

    def backwards(self, cursor):
        rename(cursor, self.new, self.old)

    def describe(self):
        return f"Name the backend {self.new} in the open sessions"


def rename(cursor, old, new):
    if not is_there(cursor, "django_session"):
        return
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    number = AT_ONCE if cursor.db.in_atomic_block else min(size(), BATCH)
    last = ""
    while last is not None:
        last = patiently(
            cursor,
            lambda last=last: rename_in_next_batch(cursor, store, old, new, last, number),
            "a session",
        )


def rename_in_next_batch(cursor, store, old, new, last, number):
    """Do it in the sessions after that key; returns the last one's, or None if there was none."""
    batch = next_batch(cursor, last, number)
    cursor.execute(RENAMED)
    with cursor.copy("COPY renamed FROM STDIN") as renamed:
        for key, data in batch:
            session = store.decode(data)
            if session.get(BACKEND_SESSION_KEY) == old:
                renamed.write_row((key, store.encode(session | {BACKEND_SESSION_KEY: new})))
    cursor.execute(WRITE)
    return batch[-1][0] if batch else None


RENAMED = """
    CREATE TEMPORARY TABLE IF NOT EXISTS renamed (key text, data text) ON COMMIT DELETE ROWS;
    TRUNCATE renamed
"""
WRITE = """
    UPDATE django_session SET session_data = data FROM renamed WHERE session_key = key
"""


def next_batch(cursor, last, number):
    cursor.execute(
        "SELECT session_key, session_data FROM django_session"
        " WHERE session_key > %s AND expire_date > now() ORDER BY session_key LIMIT %s FOR UPDATE",
        [last, number],
    )
    return cursor.fetchall()
