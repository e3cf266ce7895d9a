"""Strong locks: asked for shortly and again, so that nobody waits behind the asking."""

import time
from functools import partial

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.migrations.operations.models import DeleteModel
from psycopg.errors import LockNotAvailable

from moves.operations.base import Refused, Step, is_there, settle

# seconds; under PostgreSQL's deadlock_timeout (1): of two who wait for each other, this gives way
MOMENT = 0.2
PAUSE = 0.1


class Lock(Step):
    """Let others wait at the users first, then at the people: the order in which a site asks.

    Else a registration that has written the one waits for us at the other, and we wait for it. The
    writers wait, or the readers, too: that is for what drops or renames the people's table, since
    dropping its foreign key locks the users' as well. Raises Refused if it cannot be had.
    """

    def __init__(self, *, readers=False):
        self.mode = "ACCESS EXCLUSIVE" if readers else "EXCLUSIVE"

    def forwards(self, cursor):
        lock(cursor, "auth_user", "person", mode=self.mode)

    def backwards(self, cursor):
        pass

    def describe(self):
        return f"Lock users, then people ({self.mode})"


class SqlBriefly(Step):
    """SQL for each direction that takes no time, under a strong lock on a table that all use.

    A strong lock that has to wait makes everybody wait who comes after it. So it waits for a moment
    only, lets them pass, and tries again. Written as SQL, because Django would draw up its models
    once more under the lock.
    """

    def __init__(self, table, forwards, backwards):
        self.table = table
        self.sql = forwards
        self.reverse_sql = backwards

    def forwards(self, cursor):
        lock(cursor, self.table)
        cursor.execute(self.sql)

    def backwards(self, cursor):
        lock(cursor, self.table)
        cursor.execute(self.reverse_sql)

    def describe(self):
        return " ".join(self.sql.split())[:80]


class DropModel(DeleteModel):
    """Django's DeleteModel, without drawing up the models under the lock that is held by then."""

    def database_forwards(self, app_label, editor, before, after):
        table = before.models[app_label, self.name_lower].options["db_table"]
        editor.execute(f"DROP TABLE {table}")


def lock(cursor, *tables, mode="ACCESS EXCLUSIVE"):
    """Lock those of the tables that are there, in their order; raises Refused if it cannot."""
    names = ", ".join(table for table in tables if is_there(cursor, table))
    settle(cursor)
    # an autovacuum leaves whom it keeps waiting; behind this lock no reader and no writer waits
    weak = partial(cursor.execute, f"LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE")
    patiently(cursor, weak, names, moment=patience())
    patiently(cursor, partial(cursor.execute, f"LOCK TABLE {names} IN {mode} MODE"), names)


def patience():
    """After how many seconds of waiting a move is refused: MOVES_PATIENCE, or three minutes."""
    return getattr(settings, "MOVES_PATIENCE", 180)


def patiently(cursor, act, what, *, moment=MOMENT):
    """Do it as one transaction, or part of one, and again for as long as somebody is in its way.

    It waits for a moment at a time. Raises Refused when patience is at an end.
    """
    end = time.monotonic() + patience()
    while True:
        try:
            return briefly(cursor, act, moment)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
        if time.monotonic() > end:
            raise Refused(
                f"Somebody has been using {what} in one transaction for {patience():g} seconds: "
                "end it (pg_stat_activity says whose it is) and migrate again."
            )
        time.sleep(PAUSE)


def briefly(cursor, act, moment):
    """Do it without waiting longer for a lock; nothing is done if one cannot be had."""
    with transaction.atomic(using=cursor.db.alias):
        cursor.execute(f"SET LOCAL lock_timeout = '{moment * 1000:.0f}ms'")
        done = act()
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        return done
