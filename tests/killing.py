"""Kills a move before each of its statements, and goes on from what that leaves.

workbench.inside runs it in the process of a move's code. Each attempt is a process of its own that
ends, unannounced, before its next statement; so the migrations also resume after each kill. Killed
while it has only read, it would leave what it found: that is not tried. It says how many `kills`
there were, what a kill has changed that it should not (`wrong`), and what was `resumed`.

Its order: `stages`, the migrations to which one goes, "" for the last; `rest`, those to which one
goes then, unkilled; `back`, if all of them are on the way back; `ends`, of the census. In a
migration that commits as it goes, a kill leaves what was committed. Each such state is copied, the
copy migrated to the end, and compared with one that was never killed: `resumed` has for each state
in which migration it was, and what is not as it should be.
"""

import hashlib
import os
import signal

import psycopg
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from workbench.inside import say
from workbench.inside.setup import migrate
from workbench.move import census, verify

TABLES = """
    SELECT schemaname || '.' || tablename FROM pg_tables
    WHERE schemaname IN ('public', 'archive') ORDER BY 1
"""
SHAPE = """
    SELECT string_agg(concat_ws(' ', relname, relkind, relnatts), ';' ORDER BY relname)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
ROWS = "SELECT count(*), sum(hashtextextended(it::text, 0)::numeric) FROM {table} AS it"
NAMES = "SELECT string_agg(conname, ';' ORDER BY conname) FROM pg_constraint WHERE conrelid > 0"
APPLIED = "SELECT count(*) FROM django_migrations WHERE app = 'players'"


def opened(database):
    return psycopg.connect(dbname=database, autocommit=True)


def seen(database):
    """(how many migrations are applied, a digest of all rows, columns and names)."""
    with opened(database) as server:
        [(applied,)] = server.execute(APPLIED).fetchall()
        digest = hashlib.sha256()
        for sql in (SHAPE, NAMES):
            digest.update(str(server.execute(sql).fetchall()).encode())
        for (table,) in server.execute(TABLES).fetchall():
            rows = server.execute(ROWS.format(table=table)).fetchall()
            digest.update(f"{table} {rows}".encode())
    return applied, digest.hexdigest()


class Killer:
    """Ends this process before the statement of that number.

    Counted from the first one that does more than read: before that, nothing is left half done.
    """

    def __init__(self, number):
        self.number = number
        self.only_read = True

    def __call__(self, execute, sql, params, many, context):
        text = sql if isinstance(sql, str) else sql.as_string(None)
        self.only_read = self.only_read and text.lstrip().startswith("SELECT")
        if not self.only_read:
            self.number -= 1
            if self.number == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


def attempt(database, stages, number=0):
    """Migrate in a process of its own, up to that statement; returns whether it was killed."""
    child = os.fork()
    if child == 0:
        connection.settings_dict["NAME"] = database
        for to in stages:
            with connection.execute_wrapper(Killer(number)):
                migrate(*(["players", to] if to else []))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.waitstatus_to_exitcode(status):
        raise RuntimeError("An attempt failed, unkilled.")
    return os.WIFSIGNALED(status)


def wait_for_the_rollback(database):
    with opened("postgres") as server:
        others = "SELECT FROM pg_stat_activity WHERE datname = %s"
        while server.execute(others, [database]).fetchall():
            pass


class Resumed:
    """What a copy of the database comes to that is migrated to the end, without another kill."""

    def __init__(self, database, ends, stages):
        self.database, self.ends = database, ends
        self.copy = f"{database}_resumed"
        self.unkilled = self.complete(stages)[1]

    def complete(self, stages):
        """(what the census says, all that there is) of a copy that was migrated to the end."""
        with opened("postgres") as server:
            server.execute(f"CREATE DATABASE {self.copy} TEMPLATE {self.database}")
            attempt(self.copy, stages)
            with opened(self.copy) as there:
                cursor = there.cursor()
                census.count(cursor, "after", self.ends.target, self.ends, "")
                told = census.compare(cursor, "before", "after"), verify.things(cursor)
            server.execute(f"DROP DATABASE {self.copy}")
        return told

    def wrong(self, stages):
        """What is not as it should be if one goes on from here."""
        lost, things = self.complete(stages)
        return lost + verify.differences(things, self.unkilled)


def main(stages, rest, back, ends):
    database = connection.settings_dict["NAME"]
    resumed = Resumed(database, census.Ends(*ends), stages + rest)
    told = {"kills": 0, "wrong": [], "resumed": []}
    for nth, to in enumerate(stages):
        left = stages[nth:] + rest
        kill(database, to, back, told, lambda left=left: resumed.wrong(left))
    attempt(database, rest)
    say(told)


def kill(database, to, back, told, resume):
    """Kill one stage everywhere until it is through."""
    migrations = [it for _, it in sorted(MigrationLoader(None).disk_migrations.items())]
    migrations = [it for it in migrations if it.app_label == "players"]
    end = len([it for it in migrations if not to or it.name[:4] <= to])
    number = 1
    applied, _ = state = seen(database)
    known = {state}
    while attempt(database, [to], number):
        wait_for_the_rollback(database)
        told["kills"] += 1
        number += 1
        now, _ = state = seen(database)
        # what each attempt makes anew and takes away again leads back to a state that is known
        if state not in known:
            known.add(state)
            number = 1
            if now == applied != end:
                it = migrations[applied - 1 if back else applied]
                if it.atomic:
                    told["wrong"].append(f"a kill within {it.name} has changed something")
                else:
                    told["resumed"].append([it.name, resume()])
        applied = now
