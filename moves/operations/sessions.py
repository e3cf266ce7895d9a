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
AT_ONCE = 5_000


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
    changed = [
        (key, store.encode(session | {BACKEND_SESSION_KEY: new}))
        for key, session in ((key, store.decode(data)) for key, data in batch)
        if session.get(BACKEND_SESSION_KEY) == old
    ]
    cursor.execute(
        "UPDATE django_session SET session_data = data"
        " FROM unnest(%s::text[], %s::text[]) AS new (key, data) WHERE session_key = key",
        [[key for key, _ in changed], [data for _, data in changed]],
    )
    return batch[-1][0] if batch else None


def next_batch(cursor, last, number):
    cursor.execute(
        "SELECT session_key, session_data FROM django_session"
        " WHERE session_key > %s AND expire_date > now() ORDER BY session_key LIMIT %s FOR UPDATE",
        [last, number],
    )
    return cursor.fetchall()
