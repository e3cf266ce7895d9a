"""A bad start is refused in one sentence, before anything has changed."""

import pytest
from moving import Databases
from sample import sample

from conftest import Tool
from workbench.errors import WorkbenchError
from workbench.move.moves import all_moves, move
from workbench.move.project import Project
from workbench.server import postgres
from workbench.server.databases import drop
from workbench.variants import VARIANTS

BAD = {
    "an unknown column": (
        ("profile_onetoone", "custom_user"),
        "ALTER TABLE person ADD COLUMN shoe_size integer",
        "person has a column shoe_size that no model knows",
    ),
    "an unknown column of the users": (
        ("proxy_model", "profile_onetoone"),
        "ALTER TABLE auth_user ADD COLUMN shoe_size integer",
        "auth_user has a column shoe_size that no model knows",
    ),
    "a clash of names": (
        ("profile_onetoone", "custom_user"),
        "ALTER TABLE auth_user ADD COLUMN birthdate date",
        "auth_user has a column birthdate of its own already",
    ),
    "a person without a user": (
        ("foreignkey", "custom_user"),
        """DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE person DROP CONSTRAINT %I', conname)
           FROM pg_constraint WHERE conrelid = 'person'::regclass AND contype = 'f'); END $$;
           INSERT INTO person (user_id) VALUES (99999)""",
        "person has a row whose user_id is 99999, and there is no such user",
    ),
    "a row of another app without a user": (
        ("profile_onetoone", "custom_user"),
        """DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE world_guild DROP CONSTRAINT %I', conname)
           FROM pg_constraint WHERE conrelid = 'world_guild'::regclass AND contype = 'f'); END $$;
           INSERT INTO world_guild (name, owner_id) VALUES ('Lost', 88888)""",
        "world_guild has a row whose owner_id is 88888, and there is no such user",
    ),
    "a generic relation to nothing": (
        ("foreignkey", "profile_onetoone"),
        """INSERT INTO world_note (text, content_type_id, object_id)
           SELECT 'lost', id, 77777 FROM django_content_type WHERE model = 'person'""",
        "points at players.person 77777, and there is none",
    ),
    "a key that is too long": (
        ("custom_user", "profile_onetoone"),
        "UPDATE players_user SET id = 3000000000 WHERE username = 'player0000003' AND false;"
        "INSERT INTO players_user (id, username, password, first_name, last_name, email,"
        " is_superuser, is_staff, is_active, date_joined)"
        " VALUES (3000000000, 'late', '', '', '', '', false, false, true, now())",
        "players_user has the key 3000000000",
    ),
    "a migration of the players that has not run": (
        ("profile_onetoone", "custom_user"),
        "DROP INDEX unique_username_ignoring_case;"
        "DELETE FROM django_migrations WHERE app = 'players' AND name LIKE '0002%'",
        "lacks players.0002_unique_username_ignoring_case of profile_onetoone",
    ),
    "a migration of another app that has not run": (
        ("profile_onetoone", "custom_user"),
        "DELETE FROM django_migrations WHERE app = 'admin' AND name LIKE '0003%'",
        "is not fully migrated (admin.0003",
    ),
    "people of an earlier move in the archive": (
        ("profile_onetoone", "proxy_model"),
        "CREATE SCHEMA archive; CREATE TABLE archive.person (user_id bigint)",
        "archive.person holds what an earlier move kept",
    ),
}
# of the columns, of the rows, of the keys, of the migrations
SAMPLE = [
    "an unknown column",
    "a generic relation to nothing",
    "a key that is too long",
    "a migration of the players that has not run",
]


@pytest.fixture(scope="module")
def databases(server):
    return Databases(server)


@pytest.fixture(scope="module")
def tool(databases):
    from workbench import paths

    return Tool(paths.data())


@pytest.mark.parametrize("case", sample(BAD, SAMPLE))
def test_a_bad_start_is_refused_and_nothing_changes(databases, tool, case):
    pair, spoil, sentence = BAD[case]
    with databases.copy(databases.template(pair[0])) as name:
        databases.sql(name, spoil)
        before = databases.everything(name)
        said = tool.complaint("move", "database", name, *pair, "--duplicates", "newest", "--yes")
        assert sentence in said
        assert databases.everything(name) == before


def test_duplicates_without_a_rule_are_refused_with_a_list(databases, tool):
    with databases.copy(databases.template("foreignkey")) as name:
        before = databases.everything(name)
        said = tool.complaint("move", "database", name, "foreignkey", "custom_user", "--yes")
        assert "users have more than one row of person, player0000" in said
        assert "choose a rule, newest or fill" in said
        assert databases.everything(name) == before


def test_an_unknown_rule_is_refused(databases, tool):
    with databases.copy(databases.template("foreignkey")) as name:
        said = tool.complaint(
            *("move", "database", name, "foreignkey", "custom_user"),
            *("--duplicates", "oldest", "--yes"),
        )
        assert said == "--duplicates oldest: the rule is one of newest, fill."


def test_without_duplicates_no_rule_is_asked_for(databases, tool):
    template = databases.template("foreignkey", duplicates=False)
    with databases.copy(template) as name:
        done = tool.run("move", "database", name, "foreignkey", "profile_onetoone", "--yes")
        assert done.returncode == 0, done.stderr
        assert "wrong" not in done.stdout


def test_a_move_of_a_database_of_ones_own_asks_first(databases, tool):
    with databases.copy(databases.template("proxy_model")) as name:
        before = databases.everything(name)
        said = tool.complaint("move", "database", name, "proxy_model", "profile_onetoone")
        assert said == f"This changes the database {name}: add --yes to move it."
        assert databases.everything(name) == before


def test_a_schema_census_of_ones_own_is_not_touched(databases, tool):
    with databases.copy(databases.template("proxy_model")) as name:
        databases.sql(name, "CREATE SCHEMA census; CREATE TABLE census.towns (name text)")
        said = tool.complaint("move", "database", name, "proxy_model", "profile_onetoone", "--yes")
        assert "has a schema census, which is needed: rename or drop it" in said
        assert databases.sql(name, "SELECT count(*) FROM census.towns") == [(0,)]


def test_a_database_with_objects_of_its_own_is_moved_and_they_are_kept(databases, tool):
    """Privileges, views of other tables and foreign keys from there are no reason to complain."""
    own = """
        GRANT SELECT ON auth_user TO PUBLIC; COMMENT ON TABLE auth_user IS 'ours';
        CREATE TABLE loot (id int PRIMARY KEY, owner integer REFERENCES auth_user);
        INSERT INTO loot VALUES (1, 101); CREATE VIEW rich AS SELECT id FROM loot;
        CREATE SCHEMA shop; CREATE TABLE shop.cart (n int)"""
    with databases.copy(databases.template("profile_onetoone")) as name:
        databases.sql(name, own)
        pair = ("profile_onetoone", "custom_user")
        done = tool.run("move", "database", name, *pair, "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        found = databases.facts(name)
        assert "table loot: column 2 owner bigint" in found
        assert databases.sql(name, "SELECT to_regnamespace('census')::text") == [(None,)]


def test_a_database_without_the_tools_players_is_moved(databases, tool):
    name = "own_guild"
    databases.create(name, "template0")
    Project(databases.server, "profile_onetoone", name, world=False).do(("migrate", {}))
    databases.sql(
        name,
        """INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser,
               is_staff, is_active, date_joined)
           SELECT 'user' || n, '', '', '', '', false, false, true, now()
           FROM generate_series(1, 9) AS n;
           INSERT INTO person (user_id, zoom_id) SELECT id, '123456789' FROM auth_user WHERE id > 2;
           CREATE SCHEMA archive; CREATE TABLE archive.letters (n int); INSERT INTO archive.letters
           VALUES (1)""",
    )
    done = tool.run("move", "database", name, "profile_onetoone", "custom_user", "--yes")
    drop(databases.server, name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wrong" not in done.stdout


def test_run_twice_the_second_run_says_that_there_is_nothing_to_do(databases, tool):
    with databases.copy(databases.template("proxy_model")) as name:
        move = ("move", "database", name, "proxy_model", "profile_onetoone", "--yes")
        assert tool.run(*move).returncode == 0
        before = databases.everything(name)
        again = tool.run(*move)
        assert again.returncode == 0
        assert f"There is nothing to do: {name} is a profile_onetoone" in again.stdout
        assert databases.everything(name) == before


def test_a_database_that_holds_something_else_is_not_touched(databases, tool):
    name = "move_proxy_model_to_foreignkey"
    databases.create(name, "template0")
    databases.sql(name, "CREATE TABLE treasure (gold integer)")
    said = tool.complaint("move", "run", "proxy_model", "foreignkey")
    assert f"{name} holds something that the workbench did not make" in said
    assert databases.sql(name, "SELECT count(*) FROM treasure") == [(0,)]
    drop(databases.server, name)


def test_a_staged_move_is_refused_where_an_earlier_one_has_left_what_it_kept(databases):
    """Else the way back would let rows of other apps name what they did before that move."""
    with databases.copy(databases.template("profile_onetoone")) as name:
        databases.sql(
            name,
            """CREATE SCHEMA archive; CREATE TABLE archive.content_type (label text, id integer);
               INSERT INTO archive.content_type VALUES ('players.person', 77)""",
        )
        before = databases.everything(name)
        it = move("profile_onetoone", "custom_user")
        moving = Project(databases.server, it.target, name, it.staged_settings)
        with pytest.raises(WorkbenchError, match=r"^The archive holds what"):
            moving.do(("migrate", {}))
        assert databases.everything(name) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "custom_user"], "Missing argument 'target'"),
        (["run", "custom_user", "custom_user"], "custom_user is there already"),
        (["run", "custom_user", "foreign_key"], "did you mean foreignkey?"),
        (["run", "custom_user", "foreignkey", "--players", "5"], "say 100 or more"),
        (["staged", "custom_user", "foreignkey"], "no staged way from custom_user"),
        (["database", "nowhere", "custom_user", "foreignkey"], "There is no database nowhere"),
        (["database", "x", "custom_user", "foreignkey", "--back"], "is moved forward only: to go"),
    ],
)
def test_what_makes_no_sense_is_refused(tool, arguments, sentence):
    assert sentence in tool.complaint("move", *arguments)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("newest", (None, None, "555")),
        ("fill", ("1990-01-01", "42", "555")),
    ],
)
def test_the_rules_differ_and_the_rest_waits_in_the_archive(databases, rule, expected):
    with databases.copy(databases.template("foreignkey", duplicates=False)) as name:
        databases.sql(
            name,
            """DELETE FROM person WHERE user_id = 107;
               INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
               VALUES (107, '1990-01-01', '41', NULL), (107, NULL, '42', '444'),
                      (107, NULL, NULL, '555')""",
        )
        databases.moving(name, "foreignkey", "custom_user", rule=rule).do(("migrate", {}))
        found = databases.sql(
            name, "SELECT birthdate::text, discord_id, zoom_id FROM players_user WHERE id = 107"
        )
        assert found == [expected]
        archived = databases.sql(
            name, "SELECT discord_id FROM archive.person WHERE user_id = 107 ORDER BY person_id"
        )
        assert archived == [("41",), ("42",), (None,)]


def test_it_lists_the_twelve(tool):
    listed = tool.run("move", "list", COLUMNS="200").stdout
    heads = [line.split()[:2] for line in listed.splitlines()]
    assert [head for head in heads if len(head) == 2 and set(head) <= set(VARIANTS)] == [
        [it.source, it.target] for it in all_moves()
    ]
    assert "while the site serves" in listed


def test_a_whole_move_with_its_suite_by_the_command(tool, databases):
    done = tool.run("move", "run", "custom_user", "proxy_model", "--players", "300", "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests passed" in done.stdout
    assert "Rewritten: auth_user" in done.stdout
    with postgres.connect(databases.server, "move_custom_user_to_proxy_model") as connection:
        assert connection.execute("SELECT count(*) FROM auth_user").fetchone() == (300,)
