"""Kills a move before each of its statements, and goes on from what that leaves.

    python tests/killing.py ORDER

in the environment and with the order of workbench.inside.move. Each attempt is a process of its own
that ends, unannounced, before its next statement; so the migrations also resume after each kill.
Prints as JSON: how many kills there were, and what a kill has changed that it should not.
"""

import hashlib
import json
import os
import sys

import psycopg
from django.db import connection

from workbench.inside import move

TABLES = """
    SELECT schemaname || '.' || tablename FROM pg_tables
    WHERE schemaname IN ('public', 'archive') ORDER BY 1
"""
SHAPE = """
    SELECT string_agg(concat_ws(' ', relname, relkind, relnatts), ';' ORDER BY relname)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
NAMES = "SELECT string_agg(conname, ';' ORDER BY conname) FROM pg_constraint WHERE conrelid > 0"
APPLIED = "SELECT count(*) FROM django_migrations WHERE app = 'players'"


def seen(server):
    """(how many migrations are applied, a digest of all rows, columns and names)."""
    [(applied,)] = server.execute(APPLIED).fetchall()
    digest = hashlib.sha256()
    for sql in (SHAPE, NAMES):
        digest.update(str(server.execute(sql).fetchall()).encode())
    for (table,) in server.execute(TABLES).fetchall():
        rows = f"SELECT count(*), sum(hashtextextended(it::text, 0)::numeric) FROM {table} AS it"
        digest.update(f"{table} {server.execute(rows).fetchall()}".encode())
    return applied, digest.hexdigest()


def attempt(number):
    """Migrate in a process of its own, up to that statement; returns whether it was killed."""
    child = os.fork()
    if child == 0:
        move.migrate(kill=number)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.waitstatus_to_exitcode(status):
        raise RuntimeError("An attempt failed, unkilled.")
    return os.WIFSIGNALED(status)


def wait_for_the_rollback(server):
    others = "SELECT FROM pg_stat_activity WHERE datname = current_database()"
    while server.execute(f"{others} AND pid <> pg_backend_pid()").fetchall():
        pass


def main():
    order = json.loads(sys.argv[1])
    move.set_up(order)
    connection.close()
    server = psycopg.connect(dbname=order["database"], autocommit=True)
    last = order["migrations"]
    kills, wrong, number = 0, [], 1
    applied, before = seen(server)
    while attempt(number):
        wait_for_the_rollback(server)
        kills += 1
        number += 1
        now, after = seen(server)
        if now > applied:  # a migration was committed: go on from there
            applied, before, number = now, after, 1
        elif after != before and applied < last:
            wrong.append(f"{kills}: killed in the migration after the {applied}th, it changed")
            before = after
    print(json.dumps({"kills": kills, "wrong": wrong}))


if __name__ == "__main__":
    main()
