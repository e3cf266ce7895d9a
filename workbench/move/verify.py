"""Verifying a moved database: nothing is lost, and it is as a fresh installation of the target.

The target's shared suite runs on copies of it: its common tests with all that is in it; its
questions, which are about a site without players, on a copy that has been emptied.
"""

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from suite import catalog
from workbench.move import census
from workbench.move.moves import Move
from workbench.move.project import Project, Server
from workbench.move.report import Check
from workbench.paths import PROJECT
from workbench.server import databases, postgres, processes

Cursor = Any
Things = set[str]


def counted_checks(
    cursor: Any, counted: dict[str, int], before: str, after: str, but: tuple[str, ...] = ()
) -> list[Check]:
    """A check for each fact of the census."""
    differing = census.compare(cursor, before, after, but=but)
    cursor.execute(f"SELECT fact, count(*) FROM census.{before} GROUP BY fact")
    numbers = dict(cursor.fetchall())
    return [
        Check(
            fact,
            f"{numbers.get(fact, 0):,}",
            [said.partition(": ")[2] for said in differing if said.startswith(f"{fact}: ")],
        )
        for fact in sorted(numbers.keys() | counted.keys())
    ]


def kept_what_was_done(cursor: Any, it: Move) -> Check:
    """Who registered or changed something after the move is there, with all of it."""
    now: dict[str, dict[str, str]] = {"used": {}, "again": {}}
    for name, found in now.items():
        cursor.execute(
            f"SELECT fact || ' of ' || who, line FROM census.{name}"
            " WHERE who = ANY(%s) AND fact IN ('players', 'extras')",
            [list(census.ACTORS)],
        )
        found.update(cursor.fetchall())
    wrong = [
        f"{fact} was {line}, and is {now['again'].get(fact, 'gone')}"
        for fact, line in now["used"].items()
        if now["again"].get(fact) != line
    ]
    return Check("what was done after the move", f"{len(now['used'])}", wrong)


def verified(server: Server, variant: str, name: str) -> list[Check]:
    """What is looked at under the variant's own, unmodified settings."""
    told = Project(server, variant, name, world=False).do(
        ("has_nothing_to_migrate", {}), ("logins", {})
    )
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        behind = sequences_behind(cursor)
        here = things(cursor)
    pending = told["has_nothing_to_migrate"]
    return [
        Check("logins and open sessions", "by password and by cookie", told["logins"]),
        Check(
            "schema",
            f"{len(here)} facts, as on a fresh database",
            differences(here, as_installed(server, variant, name)),
        ),
        Check("sequences", "next values", behind),
        Check("migrations", "--check, unmodified settings", [pending] if pending else []),
    ]


_installed: dict[str, Things] = {}


def as_installed(server: Server, variant: str, beside: str) -> Things:
    """What a fresh database of the variant has, with the other app; looked up once a process."""
    if variant not in _installed:
        name = f"{beside}_fresh"
        databases.anew(server, name)
        try:
            Project(server, variant, name).do(("migrate", {}))
            with postgres.connect(server, name) as connection:
                _installed[variant] = things(connection.cursor())
        finally:
            databases.drop(server, name)
    return _installed[variant]


def differences(here: Things, there: Things) -> list[str]:
    """What differs between the moved database and a fresh one, by name; [] if nothing does."""
    return [f"{it} is only in the moved database" for it in sorted(here - there)] + [
        f"{it} is only in a fresh database" for it in sorted(there - here)
    ]


def things(cursor: Cursor) -> Things:
    """Each table, column (with its place), constraint, index, sequence and so on, in words."""
    found = {
        f"table {name}: {what} {place}"
        for name, table in catalog.tables(cursor).items()
        for what, place in parts(table)
    }
    for sql in (NOT_NULL, OTHERS, CONTENT_TYPES, PERMISSIONS):
        cursor.execute(sql)
        found |= {" ".join(map(str, row)) for row in cursor.fetchall()}
    return found


def parts(table: catalog.Table) -> Iterator[tuple[str, str]]:
    """(what it is, all that is to be said of it) of each part of a table."""
    for number, column in enumerate(table.columns):
        yield f"column {number}", worded(column)
    for kind in ("constraints", "foreign_keys", "indexes", "sequences"):
        for it in getattr(table, kind):
            yield kind, worded(it)


def worded(it: Any) -> str:
    """The values of a catalog's dataclass, but for sizes."""
    values = dataclasses.asdict(it)
    values.pop("size", None)
    return ", ".join(f"{value}" for value in values.values() if value not in (None, False))


# a constraint with a name of its own since PostgreSQL 18
NOT_NULL = """
    SELECT 'table', relname || ':', 'not null', conname, attname FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE contype::text = 'n' AND relnamespace = 'public'::regnamespace
"""
# what no variant has, and a move may leave behind
OTHERS = """
    SELECT 'schema', nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'census', 'archive')
    UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', proname FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'view', viewname FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'not validated:', conname FROM pg_constraint WHERE NOT convalidated
    UNION ALL SELECT 'not valid:', indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
"""
CONTENT_TYPES = "SELECT 'content type', app_label, model FROM django_content_type"
PERMISSIONS = """
    SELECT 'permission', app_label, model, codename, name
    FROM auth_permission JOIN django_content_type ON django_content_type.id = content_type_id
"""


def sequences_behind(cursor: Cursor) -> list[str]:
    """The sequences whose next value would be a key that is taken; [] if none."""
    behind = []
    for name, table in catalog.tables(cursor).items():
        for sequence in table.sequences:
            cursor.execute(f'SELECT max("{sequence.column}") FROM "{name}"')
            [(highest,)] = cursor.fetchall()
            cursor.execute(f'SELECT last_value + is_called::int FROM "{sequence.name}"')
            [(following,)] = cursor.fetchall()
            if highest is not None and following <= highest:
                behind.append(f"{sequence.name} gives {following} next, and {highest} is taken")
    return behind


# races try the variant's code, not its tables, and would take most of the time
PLAIN = ("suite/plain", "--ignore=suite/plain/test_races.py")

# all that the questions take for empty; the world's tables are another app's
EMPTIED = """
    DROP TABLE world_guild, world_guild_members, world_note CASCADE;
    DELETE FROM django_migrations WHERE app = 'world';
    DELETE FROM auth_permission USING django_content_type AS its
        WHERE its.id = content_type_id AND app_label = 'world';
    TRUNCATE {users}, auth_group, django_session, django_admin_log CASCADE;
    DELETE FROM django_content_type WHERE app_label = 'world';
    DROP SCHEMA IF EXISTS archive, census CASCADE
"""


def suite(server: Server, variant: str, database: str) -> Check:
    """Run the common tests on a copy; the database itself stays as it is."""
    with copy_of(server, database) as copy:
        return ran("suite", variant, copy, server, *PLAIN, "--app", "moves.world")


def questions(
    server: Server, variant: str, database: str, paths: Sequence[str] = ("suite",)
) -> Check:
    """Run the whole suite, with all questions, on a copy without players; some minutes.

    paths: which part of it is enough.
    """
    with copy_of(server, database) as copy:
        with postgres.connect(server, copy) as connection:
            connection.execute(EMPTIED.format(users=census.users_table(variant)))
        return ran("questions", variant, copy, server, *paths)


@contextmanager
def copy_of(server: Server, database: str) -> Iterator[str]:
    """The name of a copy, for the block."""
    copy = f"{database}_suite"
    databases.copy(server, database, copy)
    try:
        yield copy
    finally:
        databases.drop(server, copy)


def ran(name: str, variant: str, copy: str, server: Server, *arguments: str) -> Check:
    """What pytest says of the variant on the database."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--variant", variant, "--on", copy),
            *("-q", "--tb=line", "--color=no", "-p", "no:cacheprovider", *arguments),
        ],
        cwd=PROJECT,
        env=processes.environment(server),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.strip().splitlines() or [done.stderr.strip()[-300:] or "it said nothing"]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    number = re.search(r"(\d+) passed", lines[-1])
    passed = f"{number[1] if number else 0} tests passed"
    return Check(name, passed, failed or ([lines[-1]] if done.returncode else []))
