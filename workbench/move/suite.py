"""The target's shared suite on copies of the moved database.

Its common tests run with all that is in it. Its questions are about a site on which nobody is yet:
they are asked of a copy that has been emptied, so that what answers is the moved tables.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from workbench.move.project import Server
from workbench.move.report import Check
from workbench.paths import PROJECT
from workbench.server import databases, postgres, processes

PLAIN = "suite/plain"


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
        return ran("suite", variant, copy, server, PLAIN, "--app", "moves.world")


def questions(
    server: Server, variant: str, database: str, paths: Sequence[str] = ("suite",)
) -> Check:
    """Run the whole suite, with all questions, on a copy without players; some minutes.

    paths: which part of it is enough.
    """
    users = "players_user" if variant == "custom_user" else "auth_user"
    with copy_of(server, database) as copy:
        with postgres.connect(server, copy) as connection:
            connection.execute(EMPTIED.format(users=users))
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
