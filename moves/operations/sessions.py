"""The open sessions, in which Django writes by which backend somebody logged in."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.utils.module_loading import import_string

from moves.operations.base import Step, is_there

BATCH = 2_000


class RenameBackend(Step):
    """Name another authentication backend in the open sessions, else everybody is logged out."""

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
    last = ""
    while batch := next_batch(cursor, last):
        last = batch[-1][0]
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


def next_batch(cursor, last):
    cursor.execute(
        "SELECT session_key, session_data FROM django_session"
        " WHERE session_key > %s AND expire_date > now() ORDER BY session_key LIMIT %s",
        [last, BATCH],
    )
    return cursor.fetchall()
