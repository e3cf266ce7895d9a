"""What `workbench seed` does to the tables: all rows or none, and the rest as it was before."""

import weakref

import pytest

from workbench.errors import WorkbenchError
from workbench.seed.command import load
from workbench.seed.inside import loader
from workbench.server import databases, postgres

NUMBER = 2_000
# the tables of users with extra fields: one table, and two of which the second has its own key
TABLES = {"custom_user": ["players_user"], "foreignkey": ["auth_user", "person"]}
CATALOGS = (
    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid, indisready,"
    " obj_description(indexrelid, 'pg_class')"
    " FROM pg_index JOIN pg_class ON oid = indrelid WHERE relkind = 'r' ORDER BY 1",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
    " FROM pg_constraint WHERE conrelid > 0 ORDER BY 1, 2",
    "SELECT adrelid::regclass::text, adnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef"
    " ORDER BY 1, 2",
)
# What a developer may have added. The definition of ours_1 and ours_2 alone does not bring them
# back, and another table needs ours_3.
ADDED = """
    CREATE INDEX ours_1 ON {users} (date_joined);
    COMMENT ON INDEX ours_1 IS 'for the monthly letter';
    CREATE INDEX ours_2 ON {users} (date_joined) WITH (fillfactor = 70);
    CREATE UNIQUE INDEX ours_3 ON {users} (username, email);
    CREATE TABLE fan (username varchar, email varchar,
        FOREIGN KEY (username, email) REFERENCES {users} (username, email));
    CREATE INDEX ours_4 ON {users} (email) INCLUDE (username) WHERE email LIKE '%@example.org';
    ALTER TABLE {users} ALTER first_name SET DEFAULT 'N.';
"""
# notes what the table is like while COPY stores rows in it
WITNESS = """
    CREATE TABLE seen (indexes text[], locks text[]);
    CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO seen SELECT
            (SELECT array_agg(indexrelid::regclass::text) FROM pg_index WHERE indrelid = TG_RELID),
            (SELECT array_agg(mode) FROM pg_locks
             WHERE pid = pg_backend_pid() AND relation = TG_RELID);
        RETURN NULL;
    END $$;
    CREATE TRIGGER look AFTER INSERT ON {users} EXECUTE FUNCTION look();
"""
ON_LAST = """
    CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
    CREATE TRIGGER change BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION change();
"""
FULL_DISK = """
    IF NEW.zoom_id LIKE '%7' THEN
        RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
    END IF;
    RETURN NEW;
"""
SAME_NAME = """
    NEW.username = regexp_replace(NEW.username, '.*-(1?999)$', 'Nobody');
    RETURN NEW;
"""


class Database:
    """A database of a variant."""

    def __init__(self, server, variant, name):
        self.server, self.variant, self.name = server, variant, name
        self.tables = TABLES[variant]

    def run(self, query, **names):
        for key, value in {"users": self.tables[0], **names}.items():
            query = query.replace(f"{{{key}}}", value)
        with postgres.connect(self.server, self.name) as connection:
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else None

    def load(self, seed=1):
        load(self.server, self.variant, self.name, NUMBER, seed)

    def catalogs(self):
        return [self.run(query) for query in CATALOGS]

    def state(self):
        rows = [self.run(f"SELECT * FROM {table} ORDER BY 1") for table in self.tables]
        return self.catalogs(), rows


@pytest.fixture(scope="module", params=TABLES)
def migrated(request, server):
    """A database without users, and another one with some."""
    empty, used = (f"scratch_{kind}_{request.param}" for kind in ("empty", "used"))
    databases.anew(server, empty)
    load(server, request.param, empty, 0)
    databases.anew(server, used, empty)
    load(server, request.param, used, 3, 2)
    yield request.param, {"empty tables": empty, "tables in use": used}
    for name in (empty, used):
        databases.drop(server, name)


@pytest.fixture(scope="module", params=["empty tables", "tables in use"])
def kind(request):
    return request.param


@pytest.fixture
def database(server, migrated, kind):
    variant, templates = migrated
    name = f"scratch_load_{variant}"
    databases.anew(server, name, templates[kind])
    yield Database(server, variant, name)
    databases.drop(server, name)


@pytest.fixture(scope="module")
def loaded(server, migrated, kind):
    """A database with objects of a developer's own after a load, and its catalogs before that."""
    variant, templates = migrated
    name = f"scratch_loaded_{variant}"
    databases.anew(server, name, templates[kind])
    database = Database(server, variant, name)
    database.run(ADDED + WITNESS)
    before = database.catalogs()
    database.load()
    yield database, before
    databases.drop(server, name)


def test_indexes_constraints_and_defaults_are_as_before(loaded):
    database, before = loaded
    assert database.catalogs() == before


def test_only_empty_tables_lose_their_indexes_meanwhile(loaded, kind):
    database, (before, *_) = loaded
    all_ = {
        index
        for index, definition, *_ in before
        if f" ON public.{database.tables[0]} " in definition
    }
    seen = {index for (indexes,) in database.run("SELECT indexes FROM seen") for index in indexes}
    kept = {f"{database.tables[0]}_pkey", "ours_1", "ours_2", "ours_3"}
    assert kept < all_
    assert seen == (kept if kind == "empty tables" else all_)


def test_nobody_is_locked_out_of_tables_in_use(loaded, kind):
    database, _ = loaded
    locks = {mode for (modes,) in database.run("SELECT locks FROM seen") for mode in modes}
    assert ("AccessExclusiveLock" in locks) == (kind == "empty tables")
    assert "RowExclusiveLock" in locks


def test_a_user_has_the_models_defaults_and_not_the_tables(loaded):
    database, _ = loaded
    assert database.run(
        "SELECT DISTINCT first_name, last_name, is_active, is_staff, is_superuser, last_login,"
        " date_joined BETWEEN now() - interval '10 min' AND now()"
        " FROM {users} WHERE username ~ '-1-[0-9]+$'"
    ) == [("", "", True, False, False, None, True)]


def test_a_full_disk_leaves_all_as_it_was(database):
    database.run(ON_LAST, body=FULL_DISK, table=database.tables[-1])
    before = database.state()
    with pytest.raises(WorkbenchError) as refusal:
        database.load()
    assert str(refusal.value) == (
        f"{database.name} could not be loaded (django.db.utils.OperationalError: could not extend "
        "file: No space left on device): it is as it was; put that right and try again."
    )
    assert database.state() == before


def test_a_taken_name_leaves_all_as_it_was(database):
    """Into empty tables, PostgreSQL notices it when it builds the index."""
    database.run(ON_LAST, body=SAME_NAME, table=database.tables[0])
    before = database.state()
    with pytest.raises(WorkbenchError, match="holds players of seed 1 already"):
        database.load()
    assert database.state() == before


def test_no_more_rows_are_kept_than_a_block(monkeypatch):
    class Row(dict):
        __hash__ = object.__hash__

    alive = weakref.WeakSet()
    most = 0

    def counted():
        nonlocal most
        for number in range(95):
            row = Row(username=f"player{number}")
            alive.add(row)
            most = max(most, len(alive))
            yield row

    monkeypatch.setattr(loader, "BLOCK", 10)
    assert [len(block) for block in loader.blocks(counted())] == [10] * 9 + [5]
    assert most <= 21
