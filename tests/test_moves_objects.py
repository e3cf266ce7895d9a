"""What real databases have beside Django's tables: a move keeps it exactly, or refuses to begin."""

import re

import pytest
from moving import Databases
from sample import sample

from workbench.errors import WorkbenchError
from workbench.move import run
from workbench.move.moves import move

FUNCTION = """
    CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER audit {when} FOR EACH ROW EXECUTE FUNCTION audit()
"""
# SQL and what the refusal names; of a table that the move drops
ON_PERSON = {
    "view": ("CREATE VIEW born AS SELECT * FROM person", "view born"),
    "view of a view": (
        "CREATE VIEW born AS SELECT * FROM person; CREATE VIEW late AS SELECT * FROM born",
        "view born; view late",
    ),
    "materialized view": (
        "CREATE MATERIALIZED VIEW born AS SELECT * FROM person",
        "materialized view born",
    ),
    "foreign key of another table": (
        "CREATE TABLE loot (owner bigint REFERENCES person)",
        "constraint loot_owner_fkey on table loot",
    ),
    "foreign key of a partition": (
        """CREATE TABLE loot (owner bigint) PARTITION BY HASH (owner);
           CREATE TABLE loot0 PARTITION OF loot FOR VALUES WITH (MODULUS 1, REMAINDER 0);
           ALTER TABLE loot0 ADD FOREIGN KEY (owner) REFERENCES person""",
        "constraint loot0_owner_fkey on table loot0",
    ),
    "trigger": (FUNCTION.format(when="AFTER UPDATE ON person"), "trigger audit on table person"),
    "rule": ("CREATE RULE keep AS ON DELETE TO person DO INSTEAD NOTHING", "rule keep on table"),
    "rule of another table": (
        """CREATE TABLE loot (owner bigint);
           CREATE RULE take AS ON INSERT TO loot DO ALSO DELETE FROM person""",
        "rule take on table loot",
    ),
    "policy": ("CREATE POLICY own ON person USING (true)", "policy own on table person"),
    "publication": ("CREATE PUBLICATION news FOR TABLE person", "publication news"),
    "publication of all tables": ("CREATE PUBLICATION news FOR ALL TABLES", "publication news"),
    "function that PostgreSQL has parsed": (
        """CREATE FUNCTION people() RETURNS bigint LANGUAGE sql
           BEGIN ATOMIC SELECT count(*) FROM person; END""",
        "function people()",
    ),
    "function that is only text": (
        """CREATE FUNCTION people() RETURNS bigint LANGUAGE plpgsql
           AS $$ BEGIN RETURN (SELECT count(*) FROM person); END $$""",
        "function people()",
    ),
    "column of the row's type": ("CREATE TABLE loot (owner person)", "column owner of table loot"),
    "inheriting table": ("CREATE TABLE loot () INHERITS (person)", "table loot"),
    "statistics": ("CREATE STATISTICS both_ids ON discord_id, zoom_id FROM person", "both_ids"),
    "index": ("CREATE INDEX by_zoom ON person (zoom_id)", "CREATE INDEX by_zoom"),
    "constraint": ("ALTER TABLE person ADD CHECK (zoom_id <> '')", "person_zoom_id_check CHECK"),
    "default": ("ALTER TABLE person ALTER zoom_id SET DEFAULT '1'", "zoom_id text default '1'"),
    "collation": (
        'ALTER TABLE person ALTER zoom_id TYPE text COLLATE "C"',
        "zoom_id text collate C",
    ),
    "comment": ("COMMENT ON TABLE person IS 'ours'", "comment ours"),
    "privilege": ("GRANT SELECT ON person TO PUBLIC", "=r/postgres"),
    "privilege on a column": ("GRANT SELECT (zoom_id) ON person TO PUBLIC", "privileges {=r/"),
    "owner": ("ALTER TABLE person OWNER TO pg_monitor", "owner pg_monitor"),
    "unlogged table": ("ALTER TABLE person SET UNLOGGED", "unlogged"),
    "storage parameter": ("ALTER TABLE person SET (fillfactor = 70)", "parameters fillfactor=70"),
    "row level security": (
        "ALTER TABLE person ENABLE ROW LEVEL SECURITY",
        "row level security",
    ),
}
ON_PERSON["permission in another table"] = (
    """CREATE TABLE may (id int PRIMARY KEY, permission integer REFERENCES auth_permission);
       INSERT INTO may SELECT 1, id FROM auth_permission WHERE codename = 'change_person'""",
    "rows of may that point at auth_permission",
)
ON_PERSON["content type in a table without a primary key"] = (
    """CREATE TABLE tag (object_id int, type integer REFERENCES django_content_type);
       INSERT INTO tag SELECT 101, id FROM django_content_type WHERE model = 'person'""",
    "rows of tag that point at django_content_type",
)
ON_PERSON["generic relation that is unique"] = (
    """CREATE UNIQUE INDEX one_note ON world_note (content_type_id, object_id)""",
    "rows of world_note about users and about their profiles, where one_note is unique",
)
# of a table that it renames, and whose key it changes; {users} is its name
ON_USERS = {
    "view": ("CREATE VIEW names AS SELECT username FROM {users}", "view names"),
    "trigger of one column": (
        FUNCTION.format(when="AFTER UPDATE OF id ON {users}"),
        "trigger audit on table {users}",
    ),
    "policy": ("CREATE POLICY own ON {users} USING (id > 0)", "policy own on table {users}"),
    "rule": ("CREATE RULE keep AS ON DELETE TO {users} DO INSTEAD NOTHING", "rule keep on table"),
    "publication": ("CREATE PUBLICATION news FOR TABLE {users}", "publication news"),
    "view of a column that points at it": (
        "CREATE VIEW owners AS SELECT owner_id FROM world_guild",
        "view owners",
    ),
    "policy of a table that points at it": (
        "CREATE POLICY own ON world_guild USING (owner_id > 0)",
        "policy own on table world_guild",
    ),
    "partition key": (
        "CREATE TABLE visit (who {key} REFERENCES {users}) PARTITION BY HASH (who)",
        "the partition key of visit",
    ),
    "inherited column": (
        """CREATE TABLE visit (who {key});
           CREATE TABLE visit0 (FOREIGN KEY (who) REFERENCES {users}) INHERITS (visit)""",
        "the inheritance of visit0",
    ),
    "expression index on the key": (
        """CREATE FUNCTION half({key}) RETURNS {key} IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
           CREATE INDEX by_half ON {users} (half(id))""",
        "an index or constraint of {users} (function half",
    ),
    "check constraint on a column that points at it": (
        """CREATE FUNCTION known({key}) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
           CREATE TABLE visit (who {key} REFERENCES {users} CHECK (known(who)))""",
        "an index or constraint of visit (function known",
    ),
    "name of a table that it makes": ("CREATE VIEW {new} AS SELECT 1 AS one", "the name {new}"),
    "trigger on rows that it writes": (
        FUNCTION.format(when="BEFORE UPDATE ON world_note"),
        "trigger audit on table world_note",
    ),
}
KEPT = {
    "partitioned table that points at it": """
        CREATE TABLE visit (who {key} REFERENCES {users}, at date) PARTITION BY RANGE (at);
        CREATE TABLE visit0 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        COMMENT ON CONSTRAINT visit_who_fkey ON visit IS 'ours';
        INSERT INTO visit VALUES (101, '2026-02-03')""",
    "expression index and composite foreign key": """
        CREATE UNIQUE INDEX both_names ON {users} (id, username);
        CREATE INDEX by_digit ON {users} ((id % 10));
        CREATE TABLE badge (who {key}, name varchar(150),
            FOREIGN KEY (who, name) REFERENCES {users} (id, username))""",
    "privilege, comment and parameter": """
        GRANT SELECT ON {users} TO PUBLIC; COMMENT ON TABLE {users} IS 'ours';
        COMMENT ON COLUMN {users}.id IS 'ours'; ALTER TABLE {users} SET (fillfactor = 70)""",
    "publication of another table": "CREATE PUBLICATION news FOR TABLE world_guild",
    "view, trigger and rule of other tables": """
        CREATE VIEW guilds AS SELECT name FROM world_guild;
        CREATE TABLE loot (id int); CREATE RULE keep AS ON DELETE TO loot DO INSTEAD NOTHING""",
    "schema archive of another": "CREATE SCHEMA archive; CREATE TABLE archive.old (n int)",
    "index with a name of its own": "CREATE INDEX by_owner ON world_guild (name, owner_id)",
}
SAMPLE = ["view of a view", "trigger", "foreign key of another table", "privilege"]
SAMPLE_USERS = ["view", "partition key"]
TO_CUSTOM = ("profile_onetoone", "custom_user")
NAMES = {"users": "auth_user", "key": "integer", "new": "players_user"}
MOVED_NAMES = {"users": "players_user", "key": "bigint", "new": "auth_user"}


@pytest.fixture(scope="module")
def databases(server):
    return Databases(server)


@pytest.fixture(scope="module")
def moved(databases):
    """Two databases that have been moved: with players_user, and with person."""
    made = {}
    for source, target in (TO_CUSTOM, TO_CUSTOM[::-1]):
        name = made[target] = f"objects_{target}"
        databases.create(name, databases.template(source))
        databases.moving(name, source, target).do(("migrate", {}))
    return made


def is_refused(databases, template, pair, to, sql, named):
    """The refusal names it and says what to do, and nothing has changed."""
    with databases.copy(template) as name:
        databases.sql(name, sql)
        before = databases.everything(name)
        with pytest.raises(WorkbenchError, match=r"^The move would lose or be stopped by") as error:
            databases.moving(name, *pair).do(("migrate", to))
        assert named in str(error.value)
        assert "drop or change what is listed" in str(error.value)
        assert databases.everything(name) == before


BACK = {"app": "players", "to": run.START}


@pytest.mark.parametrize("thing", sample(ON_PERSON, SAMPLE))
def test_a_move_that_drops_person_is_refused(databases, thing):
    template = databases.template("profile_onetoone")
    is_refused(databases, template, TO_CUSTOM, {}, *ON_PERSON[thing])


@pytest.mark.parametrize("thing", sample(ON_PERSON, ["materialized view", "index"]))
def test_a_way_back_that_drops_person_is_refused(databases, moved, thing):
    pair = TO_CUSTOM[::-1]
    is_refused(databases, moved["profile_onetoone"], pair, BACK, *ON_PERSON[thing])


@pytest.mark.parametrize("thing", sample(ON_USERS, SAMPLE_USERS))
def test_a_move_that_changes_the_users_table_is_refused(databases, thing):
    sql, named = (text.format(**NAMES) for text in ON_USERS[thing])
    is_refused(databases, databases.template("profile_onetoone"), TO_CUSTOM, {}, sql, named)


@pytest.mark.parametrize("thing", sample(ON_USERS, ["policy", "inherited column"]))
def test_a_way_back_that_changes_the_users_table_is_refused(databases, moved, thing):
    sql, named = (text.format(**MOVED_NAMES) for text in ON_USERS[thing])
    is_refused(databases, moved["custom_user"], TO_CUSTOM, BACK, sql, named)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX by_zoom ON players_user (zoom_id)",
        "COMMENT ON COLUMN players_user.zoom_id IS 'ours'",
    ],
)
def test_what_hangs_on_a_column_that_is_dropped_on_the_way_back_is_refused(databases, moved, sql):
    is_refused(databases, moved["custom_user"], TO_CUSTOM, BACK, sql, "zoom_id")


@pytest.mark.parametrize(
    "pair", [("profile_onetoone", "foreignkey"), ("foreignkey", "proxy_model")]
)
def test_every_move_that_drops_person_looks_first(databases, pair):
    is_refused(databases, databases.template(pair[0]), pair, {}, *ON_PERSON["view"])


@pytest.mark.parametrize("thing", sample(KEPT, list(KEPT)[:1]))
def test_the_rest_is_kept_there_and_back(databases, thing):
    with databases.copy(databases.template("profile_onetoone")) as name:
        databases.sql(name, KEPT[thing].format(**NAMES))
        before = databases.facts(name)
        moving = databases.moving(name, *TO_CUSTOM)
        moving.do(("migrate", {}))
        there = {re.sub("players_user", "auth_user", line) for line in databases.facts(name)}
        ours = before - databases.facts(databases.template("profile_onetoone"))
        assert {line for line in ours if "integer" not in line} <= there
        moving.do(("migrate", BACK))
        assert databases.facts(name) == before


def test_a_staged_move_looks_first_too(databases):
    it = move(*TO_CUSTOM)
    with databases.copy(databases.template("profile_onetoone")) as name:
        databases.sql(name, ON_PERSON["trigger"][0])
        before = databases.everything(name)
        moving = databases.moving(name, *TO_CUSTOM, settings=it.staged_settings)
        with pytest.raises(WorkbenchError, match="trigger audit on table person"):
            moving.do(("migrate", {}))
        assert databases.everything(name) == before


def test_a_view_that_is_made_while_a_move_waits_is_not_dropped(databases):
    """Between two migrations of a move nobody looks again, but nothing is dropped with CASCADE."""
    with databases.copy(databases.template("profile_onetoone")) as name:
        moving = databases.moving(name, *TO_CUSTOM)
        moving.do(("migrate", {"app": "players", "to": "0003"}))
        databases.sql(name, ON_PERSON["view"][0])
        before = databases.everything(name)
        with pytest.raises(WorkbenchError, match="view born depends on table person"):
            moving.do(("migrate", {}))
        assert databases.everything(name) == before
        databases.sql(name, "DROP VIEW born")
        moving.do(("migrate", {}))


USERS_WITHOUT = """
    SELECT username FROM auth_user WHERE id NOT IN (SELECT user_id FROM person) ORDER BY 1
"""


@pytest.mark.parametrize("target", ["custom_user", "proxy_model", "foreignkey"])
def test_users_without_a_profile_have_none_after_the_way_back(databases, target):
    with databases.copy(databases.template("profile_onetoone")) as name:
        before = databases.sql(name, USERS_WITHOUT)
        moving = databases.moving(name, "profile_onetoone", target)
        moving.do(("migrate", {}))
        moving.do(("migrate", BACK))
        assert len(before) > 10
        assert databases.sql(name, USERS_WITHOUT) == before
        left = databases.sql(name, "SELECT to_regclass('archive.without_person')::text")
        assert left == [(None,)]


@pytest.mark.exhaustive
def test_users_without_a_profile_have_none_after_the_staged_way_back(databases):
    it = move(*TO_CUSTOM)
    with databases.copy(databases.template("profile_onetoone")) as name:
        before = databases.sql(name, USERS_WITHOUT)
        moving = databases.moving(name, *TO_CUSTOM, settings=it.staged_settings)
        moving.do(("migrate", {}))
        moving.do(("migrate", BACK))
        assert databases.sql(name, USERS_WITHOUT) == before
