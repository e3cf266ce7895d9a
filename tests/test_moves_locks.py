"""A staged move that has to wait for a lock lets everybody pass who comes after it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from moving import Databases

from workbench import postgres
from workbench.move import moves
from workbench.move.inside import Project

ASKED = """
    SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'
      AND relation = 'auth_user'::regclass
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture(scope="module")
def databases(server):
    return Databases(server)


@pytest.fixture
def name(databases):
    with databases.copy(databases.template("profile_onetoone")) as name:
        yield name


def migrate(databases, name, to):
    it = moves.move("profile_onetoone", "custom_user")
    moving = Project(databases.server, it.target, name, it.staged_settings)
    moving.do(("migrate", {"app": "players", "to": to}))


def test_behind_a_strong_lock_that_is_asked_for_readers_and_writers_go_on(databases, name):
    """Asked for without a limit, it would keep them out until the slow transaction ends."""
    with (
        postgres.connect(databases.server, name) as slow,
        postgres.connect(databases.server, name) as visitor,
        ThreadPoolExecutor(1) as pool,
    ):
        slow.execute("BEGIN; SELECT FROM auth_user LIMIT 1")
        moving = pool.submit(migrate, databases, name, "0003")
        visitor.execute("SET lock_timeout = '30s'")
        times = 0
        while times < 3:
            if visitor.execute(ASKED).fetchall():
                visitor.execute("SELECT count(*) FROM auth_user")
                visitor.execute("UPDATE auth_user SET last_login = now() WHERE id = 103")
                times += 1
        assert not moving.done()
        slow.execute("COMMIT")
        moving.result()
    assert databases.sql(name, "SELECT birthdate FROM auth_user LIMIT 1") == [(None,)]


def test_a_batch_gives_way_to_who_has_changed_a_player(databases, name):
    """Who holds a person and then wants the user is let through; the batch comes again."""
    migrate(databases, name, "0004")
    with (
        postgres.connect(databases.server, name) as visitor,
        ThreadPoolExecutor(1) as pool,
    ):
        visitor.execute("BEGIN; SELECT FROM auth_user WHERE id = 150 FOR UPDATE")
        moving = pool.submit(migrate, databases, name, "0005")
        wait_for_a_batch(databases, name)
        # the batch has locked this one's row already, before it met the other
        visitor.execute("UPDATE person SET discord_id = '77' WHERE user_id = 102")
        visitor.execute("COMMIT")
        moving.result()
    assert databases.sql(name, "SELECT discord_id FROM auth_user WHERE id = 102") == [("77",)]


def wait_for_a_batch(databases, name):
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
    while not databases.sql("postgres", f"{waits}'{name}'"):
        pass
