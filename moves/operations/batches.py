"""All users, a thousand at a time, each batch committed at once."""

from django.conf import settings

from moves.operations.base import Step, rows
from moves.operations.locks import patiently

# whoever changes what is a user's locks the user's row, by the triggers at the latest
NEXT = "SELECT id FROM auth_user WHERE id > %s ORDER BY id LIMIT %s FOR NO KEY UPDATE"


class InBatches(Step):
    """Statements about %(users)s, the ids of a batch, whose rows in auth_user are locked meanwhile.

    For a migration with atomic = False. Stopped anywhere, it begins again from the first user: so
    each statement does nothing where it has been done. It gives way to whoever holds a lock.
    """

    atomic = False

    def to_do(self, cursor):
        """The statements on the way forward."""
        return []

    def to_do_back(self, cursor):
        """Those on the way back."""
        return []

    def forwards(self, cursor):
        for_all_users(cursor, self.to_do(cursor))

    def backwards(self, cursor):
        for_all_users(cursor, self.to_do_back(cursor))


def size():
    """How many rows a batch locks and writes: MOVES_BATCH in the settings, or a thousand."""
    return getattr(settings, "MOVES_BATCH", 1_000)


def for_all_users(cursor, statements):
    last = 0
    while statements and last is not None:
        last = patiently(cursor, lambda last=last: batch(cursor, statements, last), "a player")


def batch(cursor, statements, last):
    """Do it for those who come after that id; returns the last one's, or None."""
    users = [user for (user,) in rows(cursor, NEXT, [last, size()])]
    if not users:
        return None
    for sql in statements:
        cursor.execute(sql, {"users": users})
    return users[-1]
