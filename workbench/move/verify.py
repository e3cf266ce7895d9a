"""Verifying a moved database: nothing is lost, and it is as a fresh installation of the target.

The target's shared suite runs on copies of it: its common tests with all that is in it; its
questions, which are about a site without players, on a copy that has been emptied.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moves import catalogs
from workbench.move import census
from workbench.move.moves import Move
from workbench.move.project import Project, Server
from workbench.move.report import Check
from workbench.paths import PROJECT
from workbench.server import databases, postgres, processes

Cursor = Any
Things = frozenset[str]


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
            " WHERE who = ANY(%s) AND fact IN ('users', 'extra fields')",
            [list(census.ACTORS)],
        )
        found.update(cursor.fetchall())
    wrong = [
        f"{fact} was {line}, and is {now['again'].get(fact, 'gone')}"
        for fact, line in now["used"].items()
        if now["again"].get(fact) != line
    ]
    return Check("what was done after the move", f"{len(now['used'])}", wrong)


@dataclass(frozen=True)
class Before:
    """What a database had before its move that a fresh one has not, and the other way round.

    numbers: what each sequence gives next, by the column that it belongs to.
    """

    more: Things = frozenset()
    less: Things = frozenset()
    numbers: Mapping[str, int] = field(default_factory=dict)


def before(server: Server, variant: str, name: str, *, ours: bool, world: bool = True) -> Before:
    """Look at a database that is about to be moved. ours: it was loaded into a fresh one."""
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        numbers, here = next_numbers(cursor), things(cursor)
    if ours:
        return Before(numbers=numbers)
    fresh = as_installed(server, variant, name, world)
    return Before(neutral(here - fresh), neutral(fresh - here), numbers)


NOTHING = Before()


def neutral(lines: Set[str]) -> Things:
    """Return the lines with one name for the users' table, and one type for a key of theirs."""
    return frozenset(
        re.sub(r"\b(integer|bigint)\b", "number", re.sub(r"\b(auth|players)_user", "users", line))
        for line in lines
    )


def verified(
    server: Server,
    variant: str,
    name: str,
    was: Before = NOTHING,
    *,
    count: str = "",
    world: bool = True,
    ours: bool = True,
) -> list[Check]:
    """What is looked at under the variant's own, unmodified settings.

    was: of what before() gives, all is to be there still. count: the census to which the contents
    of sessions are added. world: whether the database has the other app. ours: it was loaded by the
    tool, so that some passwords are known.
    """
    steps: list[tuple[str, dict[str, str]]] = [("has_nothing_to_migrate", {})]
    steps += [("logins", {})] * ours + [("sessions", {"census": count})] * bool(count)
    told = Project(server, variant, name, world=False).do(*steps)
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        wrong = wrong_sequences(cursor, was.numbers)
        here = things(cursor)
    fresh = as_installed(server, variant, name, world)
    known = frozenset(it for it in here if neutral({it}) <= was.more)
    lost = [f"{it} was there before the move" for it in sorted(was.more - neutral(here - fresh))]
    lacking = frozenset(it for it in fresh if neutral({it}) <= was.less)
    pending = told["has_nothing_to_migrate"]
    logins = Check("logins and open sessions", "by password and by cookie", told.get("logins", []))
    return [
        *[logins] * ours,
        Check(
            "schema",
            f"{len(here)} facts, as on a fresh database",
            differences(here - known, fresh - lacking) + lost,
        ),
        Check("sequences", "next values", wrong),
        Check("migrations", "--check, unmodified settings", [pending] if pending else []),
    ]


_installed: dict[tuple[str, bool], Things] = {}


def as_installed(server: Server, variant: str, beside: str, world: bool = True) -> Things:
    """What a fresh database of the variant has; looked up once a process.

    world: with the other app.
    """
    if (variant, world) not in _installed:
        name = f"{beside}_fresh"
        databases.anew(server, name)
        try:
            Project(server, variant, name, world=world).do(("migrate", {}))
            with postgres.connect(server, name) as connection:
                _installed[variant, world] = things(connection.cursor())
        finally:
            databases.drop(server, name)
    return _installed[variant, world]


def differences(here: Things, there: Things) -> list[str]:
    """What differs between the moved database and a fresh one, by name; [] if nothing does."""
    return [f"{it} is only in the moved database" for it in sorted(here - there)] + [
        f"{it} is only in a fresh database" for it in sorted(there - here)
    ]


def things(cursor: Cursor) -> Things:
    """Each table, column (with its place), constraint, index, privilege and so on, in words.

    The rows are left out, but for content types and permissions; so are the census, and the moves'
    own tables in the archive.
    """
    cursor.execute(SCHEMAS)
    schemas = [name for (name,) in cursor.fetchall()]
    found = {
        line if schema == "public" else f"schema {schema}: {line}"
        for schema, lines in catalogs.facts(cursor, *schemas).items()
        for line in lines
        if not (schema == "archive" and OF_THE_ARCHIVE.match(line))
    }
    for sql in (OF_DATABASE, CONTENT_TYPES, PERMISSIONS):
        cursor.execute(sql)
        found |= {" ".join(map(str, row)) for row in cursor.fetchall()}
    return frozenset(found)


OF_THE_ARCHIVE = re.compile(
    "schema archive owner [^ ]+$|table ("
    + "|".join(name.partition(".")[2] for name in census.ARCHIVE)
    + "): (owner [^ ]+$|column|constraint|index)"
)
SCHEMAS = """
    SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
      AND nspname NOT IN ('information_schema', 'census') ORDER BY 1
"""
# what belongs to no schema
OF_DATABASE = """
    SELECT 'publication', concat_ws(' ', pubname, 'owner', pg_get_userbyid(pubowner), puballtables,
        pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot) FROM pg_publication
    UNION ALL SELECT 'event trigger',
        concat_ws(' ', evtname, evtevent, evtfoid::regproc, evtenabled)
        FROM pg_event_trigger
    UNION ALL SELECT 'settings', concat_ws(' ', nullif(setrole, 0)::regrole, setconfig)
        FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT 'default privileges', concat_ws(' ', defaclrole::regrole, defaclobjtype,
        defaclacl) FROM pg_default_acl
"""
CONTENT_TYPES = "SELECT 'content type', app_label, model FROM django_content_type"
PERMISSIONS = """
    SELECT 'permission', app_label, model, codename, name
    FROM auth_permission JOIN django_content_type ON django_content_type.id = content_type_id
"""


# a move makes and deletes rows of these itself; person is a new table after some moves
NUMBERED_BY_MOVES = re.compile(
    r"django_content_type|auth_permission|auth_group_permissions|django_migrations|person"
    r"|users_user_permissions"
)
OWNED = """
    SELECT refobjid::regclass::text, quote_ident(attname), objid::regclass::text, seqincrement
    FROM pg_sequence JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass
      AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    JOIN pg_class ON pg_class.oid = refobjid
    WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('census', 'archive'))
    ORDER BY 1, 2
"""


def next_numbers(cursor: Cursor) -> dict[str, int]:
    """Return what each sequence gives next, {table.column: number}; "users" is the users' table."""
    cursor.execute(OWNED)
    found = {}
    for table, column, sequence, increment in cursor.fetchall():
        cursor.execute(f"SELECT last_value, is_called FROM {sequence}")
        [(last, is_called)] = cursor.fetchall()
        name = re.sub(r"^(auth|players)_user", "users", table)
        found[f"{name}.{column}"] = last + increment * is_called
    return found


def wrong_sequences(cursor: Cursor, before: Mapping[str, int]) -> list[str]:
    """Return the sequences that give a key that is taken, or have moved for no reason; [] if none.

    before: what they gave before the move, if that is known.
    """
    wrong = []
    now = next_numbers(cursor)
    cursor.execute(OWNED)
    for table, column, sequence, _ in cursor.fetchall():
        name = re.sub(r"^(auth|players)_user", "users", table) + f".{column}"
        cursor.execute(f"SELECT max({column}), count(*) FROM {table}")
        [(highest, rows)] = cursor.fetchall()
        if highest is not None and now[name] <= highest:
            wrong.append(f"{sequence} gives {now[name]} next, and {highest} is taken")
        elif NUMBERED_BY_MOVES.match(name):
            if now[name] > max(before.get(name, 1), (highest or 0) + 1) + rows + FEW:
                wrong.append(f"{sequence} gives {now[name]} next, far beyond {highest}")
        elif now[name] != before.get(name, now[name]):
            wrong.append(f"{sequence} gives {now[name]} next, and gave {before[name]} before")
    return wrong


# numbers that are lost where rows are there already (INSERT ... ON CONFLICT DO NOTHING)
FEW = 1_000


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
