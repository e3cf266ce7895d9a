"""While both codes run: what the one writes the other reads, of several people the newest's."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from moving import Databases

from workbench.errors import WorkbenchError
from workbench.move import moves
from workbench.move.project import Project
from workbench.server import postgres

SOURCES = ["profile_onetoone", "foreignkey"]
BOTH = "0005"


@pytest.fixture(scope="module")
def databases(server):
    return Databases(server)


KEY = """
    SELECT attname::text FROM pg_index
    JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    WHERE indrelid = 'person'::regclass AND indisprimary
"""


class Players:
    """A database in which both codes run, asked by SQL."""

    def __init__(self, databases, name):
        self.connection = postgres.connect(databases.server, name)
        [(self.user,)] = self.sql("SELECT id FROM auth_user WHERE username = 'player0000004'")
        self.key = self.sql(KEY)[0][0]

    def sql(self, statement):
        """What it gives; USER is the player's id."""
        if "USER" in statement:
            statement = statement.replace("USER", str(self.user))
        cursor = self.connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def new_reads(self):
        """What the new code finds of the player."""
        return self.sql("SELECT discord_id, zoom_id FROM auth_user WHERE id = USER")[0]

    def old_reads(self):
        """What the old code finds: in foreignkey of the newest, which has the highest key."""
        found = self.sql(
            f"SELECT discord_id, zoom_id FROM person WHERE user_id = USER ORDER BY {self.key} DESC"
        )
        return found[0] if found else None


@pytest.fixture(scope="module")
def templates(databases):
    """{source: a database in which both codes run}"""
    made = {}
    for source in SOURCES:
        name = f"both_{source}"
        databases.create(name, databases.template(source))
        staged(databases, source, name).do(("migrate", {"app": "players", "to": BOTH}))
        made[source] = name
    return made


def staged(databases, source, name, rule="newest"):
    it = moves.move(source, "custom_user")
    return Project(databases.server, "custom_user", name, it.staged_settings, rule=rule)


@pytest.fixture(params=SOURCES)
def players(request, databases, templates):
    with databases.copy(templates[request.param]) as name:
        players = Players(databases, name)
        players.sql("DELETE FROM person WHERE user_id = USER")
        yield players
        players.connection.close()


@pytest.fixture
def several(databases, templates):
    """The foreignkey's: the player has an older record and a newer one."""
    with databases.copy(templates["foreignkey"]) as name:
        players = Players(databases, name)
        players.sql("DELETE FROM person WHERE user_id = USER")
        players.sql(
            "INSERT INTO person (user_id, discord_id, zoom_id)"
            " VALUES (USER, 'older', 'z1'), (USER, 'newer', NULL)"
        )
        yield players
        players.connection.close()


def test_a_person_that_the_old_code_adds_is_read_by_the_new(players):
    players.sql("INSERT INTO person (user_id, discord_id) VALUES (USER, '41')")
    assert players.new_reads() == ("41", None)


def test_what_the_old_code_changes_is_read_by_the_new(players):
    players.sql("INSERT INTO person (user_id, discord_id) VALUES (USER, '41')")
    players.sql("UPDATE person SET discord_id = NULL, zoom_id = '9' WHERE user_id = USER")
    assert players.new_reads() == (None, "9")


def test_a_person_that_the_old_code_deletes_is_gone_for_the_new(players):
    players.sql("INSERT INTO person (user_id, discord_id) VALUES (USER, '41')")
    players.sql("DELETE FROM person WHERE user_id = USER")
    assert players.new_reads() == (None, None)
    assert players.old_reads() is None


def test_what_the_new_code_changes_is_read_by_the_old(players):
    players.sql("UPDATE auth_user SET discord_id = '42' WHERE id = USER")
    assert players.old_reads() == ("42", None)
    players.sql("UPDATE auth_user SET discord_id = NULL, zoom_id = '9' WHERE id = USER")
    assert players.old_reads() == (None, "9")


def test_whom_the_new_code_registers_the_old_one_reads(players):
    players.sql(
        """INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser,
               is_staff, is_active, date_joined, discord_id)
           VALUES ('late', '', '', '', '', false, false, true, now(), '43')"""
    )
    found = players.sql(
        "SELECT discord_id FROM person WHERE user_id = (SELECT max(id) FROM auth_user)"
    )
    assert found == [("43",)]


def test_the_new_code_deletes_a_user_with_their_person(players):
    players.sql("UPDATE auth_user SET discord_id = '42' WHERE id = USER")
    for table in ("auth_user_groups", "auth_user_user_permissions", "world_guild_members"):
        players.sql(f"DELETE FROM {table} WHERE user_id = USER")
    players.sql("UPDATE world_guild SET owner_id = 101 WHERE owner_id = USER")
    players.sql("DELETE FROM auth_user WHERE id = USER")
    assert players.old_reads() is None


def test_of_several_the_newest_is_meant(several):
    assert several.new_reads() == ("newer", None)


def test_an_older_record_is_changed_and_the_new_code_does_not_mind(several):
    several.sql("UPDATE person SET zoom_id = 'z2' WHERE user_id = USER AND discord_id = 'older'")
    assert several.new_reads() == ("newer", None)


def test_the_newest_record_is_deleted_and_the_one_before_counts(several):
    several.sql("DELETE FROM person WHERE user_id = USER AND discord_id = 'newer'")
    assert several.new_reads() == ("older", "z1")
    assert several.sql("SELECT count(*) FROM person WHERE user_id = USER") == [(1,)]


def test_what_the_new_code_changes_goes_into_the_newest_record_only(several):
    several.sql("UPDATE auth_user SET zoom_id = 'z3' WHERE id = USER")
    assert several.sql("SELECT zoom_id FROM person WHERE user_id = USER ORDER BY person_id") == [
        ("z1",),
        ("z3",),
    ]


def test_a_record_given_to_another_user_counts_for_them(several):
    several.sql("DELETE FROM person WHERE user_id = 105")
    several.sql("UPDATE person SET user_id = 105 WHERE user_id = USER AND discord_id = 'newer'")
    assert several.new_reads() == ("older", "z1")
    assert several.sql("SELECT discord_id FROM auth_user WHERE id = 105") == [("newer",)]


def test_of_two_records_added_at_once_the_newer_counts_whoever_commits_last(databases, several):
    """Each transaction does not see the other's record until it waits for the user's row."""
    name = several.connection.info.dbname
    insert = "INSERT INTO person (person_id, user_id, discord_id) VALUES (%s, %s, %s)"
    with postgres.connect(databases.server, name) as other:
        several.sql("BEGIN")
        several.connection.execute(insert, [90002, several.user, "second"])
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(other.execute, insert, [90001, several.user, "first"])
            until_somebody_waits(databases, name)
            several.sql("COMMIT")
            waiting.result()
    assert several.new_reads() == ("second", None)


def until_somebody_waits(databases, name):
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
    while not databases.sql("postgres", f"{waiting}'{name}'"):
        pass


@pytest.fixture
def unmoved(databases):
    """A foreignkey database before the move; the player has two records, the newer with a gap."""
    with databases.copy(databases.template("foreignkey", duplicates=False)) as name:
        players = Players(databases, name)
        players.sql(
            """DELETE FROM person WHERE user_id = USER;
               INSERT INTO person (user_id, discord_id, zoom_id)
               VALUES (USER, 'older', 'z1'), (USER, 'newer', NULL)"""
        )
        yield players
        players.connection.close()


def migrated(databases, players, to, rule="fill"):
    name = players.connection.info.dbname
    staged(databases, "foreignkey", name, rule).do(("migrate", {"app": "players", "to": to}))


def test_a_gap_that_the_rule_fills_is_filled_for_both_codes(databases, unmoved):
    migrated(databases, unmoved, BOTH)
    assert unmoved.new_reads() == unmoved.old_reads() == ("newer", "z1")


def test_what_is_cleared_while_both_run_stays_cleared(databases, unmoved):
    migrated(databases, unmoved, BOTH)
    unmoved.sql("UPDATE auth_user SET zoom_id = NULL WHERE id = USER")
    migrated(databases, unmoved, "0009")
    assert unmoved.new_reads() == ("newer", None)


def test_the_archive_has_the_record_with_its_gap(databases, unmoved):
    migrated(databases, unmoved, "0009")
    archived = "SELECT discord_id, zoom_id FROM archive.person WHERE user_id = USER"
    assert unmoved.sql(f"{archived} ORDER BY person_id") == [("older", "z1"), ("newer", None)]


def test_without_a_rule_several_records_are_refused(databases, unmoved):
    with pytest.raises(WorkbenchError, match="1 users have more than one row of person"):
        migrated(databases, unmoved, BOTH, rule="")
