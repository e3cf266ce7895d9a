"""A move that waits for a lock lets everybody pass who comes after it; in the end it is refused.

That it is refused leaves nothing half-done that the next `migrate` does not take up.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from moving import Databases
from sample import sample

from workbench.errors import WorkbenchError
from workbench.move import moves
from workbench.move.census import Ends
from workbench.move.project import Project
from workbench.server import postgres

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


STAGED = moves.move("profile_onetoone", "custom_user")
# so that a refusal comes soon, and in the middle of the batches
SOON = {"MOVES_PATIENCE": 1, "MOVES_BATCH": 100}


def migrate(databases, name, to, more=()):
    settings = STAGED.staged_settings
    moving = Project(databases.server, STAGED.target, name, settings, more=dict(more))
    moving.do(("migrate", {"app": "players", "to": to} if to else {}))


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


@contextmanager
def held(databases, name, sql):
    """Another session keeps a transaction open in which it has run the SQL, for the block."""
    with postgres.connect(databases.server, name) as slow:
        slow.execute(f"BEGIN; {sql}")
        yield
        slow.execute("COMMIT")


def applied(databases, name):
    [(last,)] = databases.sql(
        name, "SELECT max(left(name, 4)) FROM django_migrations WHERE app = 'players'"
    )
    return last


def refused(what):
    return pytest.raises(
        WorkbenchError,
        match=f"^Somebody has been using {what} in one transaction for 1 seconds: "
        r"end it \(pg_stat_activity says whose it is\) and migrate again.$",
    )


@pytest.mark.parametrize("lock", ["ACCESS SHARE", "SHARE UPDATE EXCLUSIVE"])
def test_who_does_not_let_go_of_a_table_has_the_move_refused_and_nothing_is_changed(
    databases, name, lock
):
    """Somebody reads in a transaction that stays open; or a VACUUM runs, which is no visitor."""
    before = databases.everything(name)
    with held(databases, name, f"LOCK TABLE auth_user IN {lock} MODE"), refused("auth_user"):
        migrate(databases, name, "0003", SOON)
    assert databases.everything(name) == before


def test_once_the_lock_is_gone_the_refused_move_goes_through_and_nothing_is_lost(databases, name):
    """A batch that waits for one player is refused; those before it stay, for they are right."""
    databases.count(name, "before", STAGED.source, Ends(STAGED.source, STAGED.target))
    migrate(databases, name, "0004")
    the_last = "SELECT FROM auth_user WHERE id = (SELECT max(id) FROM auth_user) FOR UPDATE"
    with held(databases, name, the_last), refused("a player"):
        migrate(databases, name, "0005", SOON)
    assert applied(databases, name) == "0004"
    assert databases.sql(name, COPIED) == [(200, 0)]
    migrate(databases, name, "")
    assert databases.what_is_wrong(name, STAGED) == []


# of the first two batches all users, of the third none, unless they have nothing to copy
COPIED = """
    SELECT count(*) FILTER (WHERE users.id <= 300 AND users.birthdate IS NOT DISTINCT FROM
            person.birthdate AND users.zoom_id IS NOT DISTINCT FROM person.zoom_id),
        count(*) FILTER (WHERE users.id > 300
            AND num_nonnulls(users.birthdate, users.discord_id, users.zoom_id) > 0)
    FROM auth_user AS users LEFT JOIN person ON user_id = users.id
"""


def test_a_plain_move_that_waits_for_a_session_is_refused_and_goes_through_afterwards(databases):
    """Of a plain move each migration is one transaction: nothing of this one is done."""
    it = moves.move("foreignkey", "proxy_model")
    with databases.copy(databases.template("foreignkey")) as name:
        databases.count(name, "before", it.source, Ends(it.source, it.target), "newest")
        moving = databases.moving(name, it.source, it.target)
        moving.do(("migrate", {"app": "players", "to": "0003"}))
        before = databases.everything(name)
        session = "SELECT FROM django_session ORDER BY session_key DESC LIMIT 1 FOR UPDATE"
        with held(databases, name, session), refused("a session"):
            replace(moving, more=SOON).do(("migrate", {}))
        assert databases.everything(name) == before
        moving.do(("migrate", {}))
        assert databases.what_is_wrong(name, it, "newest") == []


# to which migration the move goes first, and what it then has to wait for
STRONG = [
    ("foreignkey", "profile_onetoone", "0002", "auth_user, person"),
    ("profile_onetoone", "proxy_model", "0002", "auth_user, person"),
    ("proxy_model", "custom_user", "0002", "auth_user"),
    ("custom_user", "proxy_model", "0002", "players_user"),
    ("custom_user", "foreignkey", "0004", "auth_user, auth_user_groups, .*"),
]


@pytest.mark.parametrize("case", sample(STRONG, STRONG[2:3]), ids="-".join)
def test_a_plain_move_that_waits_for_a_table_is_refused_and_goes_through_afterwards(
    databases, case
):
    """One who reads the users in a transaction that stays open is enough."""
    source, target, first, asked = case
    with databases.copy(databases.template(source)) as name:
        moving = databases.moving(name, source, target)
        moving.do(("migrate", {"app": "players", "to": first}))
        before = databases.everything(name)
        users = asked.partition(",")[0]
        with held(databases, name, f"SELECT FROM {users} LIMIT 1"), refused(asked):
            replace(moving, more=SOON).do(("migrate", {}))
        assert databases.everything(name) == before
        moving.do(("migrate", {}))
        assert moving.do(("plan", {}))["plan"]["players"] == []


NOTES = """
    SELECT note.id, text, model, object_id FROM world_note AS note
    JOIN django_content_type AS type ON type.id = content_type_id ORDER BY 1
"""


def test_a_note_that_somebody_edits_for_long_holds_up_its_own_batch_only(databases, name):
    """Those before it are committed; and who turns back then finds all as they were."""
    migrate(databases, name, "0005")
    before = databases.sql(name, NOTES)
    about_people = [key for key, _, model, _ in before if model == "person"]
    the_last = f"SELECT FROM world_note WHERE id = {about_people[-1]} FOR UPDATE"
    with held(databases, name, the_last), refused("world_note"):
        migrate(databases, name, "0009", SOON | {"MOVES_BATCH": 5})
    now = {key: model for key, _, model, _ in databases.sql(name, NOTES)}
    assert [now[key] for key in about_people[:10]] == ["user"] * 10
    assert now[about_people[-1]] == "person"
    migrate(databases, name, "0002")
    assert databases.sql(name, NOTES) == before
    assert databases.sql(name, "SELECT to_regnamespace('archive')::text") == [(None,)]
