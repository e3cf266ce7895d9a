"""roster.add_many: many players by COPY, into empty tables and into those of a site in use."""

import weakref

import pytest
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from players import copying, roster
from players.errors import CannotDo, UsernameTaken

from suite.outcomes import rows
from suite.plain.pages import KEEPS_EXTRAS
from suite.variant import VARIANT, PlayerModel, User, enrolled, person_class

USERS = User._meta.db_table
# whatever a load could leave otherwise than it was
STATE = (
    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid, indisready,"
    " obj_description(indexrelid, 'pg_class')"
    " FROM pg_index WHERE indrelid = ANY({tables}) ORDER BY 1",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
    " FROM pg_constraint WHERE conrelid = ANY({tables}) OR confrelid = ANY({tables})"
    " ORDER BY 1, 2",
    "SELECT adrelid::regclass::text, adnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef"
    " WHERE adrelid = ANY({tables}) ORDER BY 1, 2",
)


def state():
    """Indexes, constraints and defaults of the tables, by name and definition; and their rows."""
    names = {USERS, PlayerModel._meta.db_table}
    tables = "ARRAY[{}]::regclass[]".format(", ".join(f"'{name}'" for name in sorted(names)))
    catalogs = [rows(query.format(tables=tables)) for query in STATE]
    return catalogs, [rows(f"SELECT * FROM {name} ORDER BY 1") for name in sorted(names)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """25 players are a large load."""
    monkeypatch.setattr(copying, "BLOCK", 10)


@pytest.fixture(params=["empty tables", "tables in use"])
def before(request, nobody_yet):
    """The tables as they are before a load, with somebody in them or without."""
    if request.param == "tables in use":
        enrolled("alice")
    return state()


def many(number=25, **details):
    for i in range(number):
        yield {"username": f"player{i}", **details}


def with_one(position, **details):
    """Many players, of whom one is something special."""
    for i, row in enumerate(many()):
        yield {**row, **details} if i == position else row


def statements(load):
    with CaptureQueriesContext(connection) as captured:
        load()
    return [query["sql"] for query in captured.captured_queries]


def has_dropped(ran):
    return any(sql.startswith("DROP INDEX") for sql in ran)


def test_a_large_load_brings_everything_back(before):
    assert roster.add_many(many()) == 25
    catalogs, _ = before
    assert state()[0] == catalogs
    assert User.objects.filter(username__startswith="player").count() == 25


def test_a_large_load_into_empty_tables_builds_the_indexes_afterwards(nobody_yet):
    ran = statements(lambda: roster.add_many(many()))
    assert has_dropped(ran)
    last_copy = max(i for i, sql in enumerate(ran) if sql.startswith("COPY"))
    built = [i for i, sql in enumerate(ran) if sql.startswith("CREATE UNIQUE INDEX")]
    assert built
    assert min(built) > last_copy


def test_a_few_players_are_added_with_the_indexes_in_place(nobody_yet):
    assert not has_dropped(statements(lambda: roster.add_many(many(9))))


def test_nobody_is_locked_out_of_tables_in_use(nobody_yet):
    enrolled("alice")
    ran = statements(lambda: roster.add_many(many()))
    assert not any(sql.startswith(("DROP", "ALTER", "LOCK")) for sql in ran)


@pytest.mark.parametrize("position", [0, 12, 24])
@pytest.mark.parametrize("taken", ["player3", "PLAYER3"])
def test_a_name_that_comes_twice_leaves_all_as_it_was(before, position, taken):
    with pytest.raises(UsernameTaken):
        roster.add_many(with_one(position, username="x" if position == 3 else taken))
    assert state() == before


@pytest.mark.parametrize(
    "wrong", [{"email": "x" * 300}, {"username": "nul\0"}, {"birthdate": "the 31st of June"}]
)
def test_what_the_database_refuses_leaves_all_as_it_was(before, wrong):
    with pytest.raises((DataError, CannotDo)):
        roster.add_many(with_one(12, **wrong))
    assert state() == before


def test_a_full_disk_leaves_all_as_it_was(before):
    rows(f"""
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE 'No space left on device' USING ERRCODE = 'disk_full';
        END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON {USERS} FOR EACH ROW
            WHEN (NEW.username = 'player12') EXECUTE FUNCTION full_disk()
    """)
    with pytest.raises(OperationalError, match="No space left"):
        roster.add_many(many())
    assert state() == before


def test_rows_that_end_in_an_error_leave_all_as_it_was(before):
    def broken():
        yield from many(12)
        raise FileNotFoundError("players.csv")

    with pytest.raises(FileNotFoundError):
        roster.add_many(broken())
    assert state() == before


def test_a_detail_that_nobody_knows_is_an_error_and_leaves_all_as_it_was(before):
    with pytest.raises(TypeError, match="nickname"):
        roster.add_many(with_one(12, nickname="Bob"))
    assert state() == before


def test_a_row_without_a_name_is_an_error_and_leaves_all_as_it_was(before):
    with pytest.raises(TypeError, match="username"):
        roster.add_many([*many(12), {"email": "bob@example.org"}])
    assert state() == before


def test_who_registers_afterwards_gets_an_id_of_their_own(before):
    roster.add_many(many())
    latest = User.objects.latest("pk").pk
    assert roster.register("bob", "owlbear") > latest
    assert roster.find("bob")["username"] == "bob"


def test_each_row_has_what_the_model_has_by_default(before):
    began = timezone.now()
    roster.add_many(many())
    player = User.objects.get(username="player12")
    assert began <= player.date_joined <= timezone.now()
    assert (player.email, player.first_name, player.last_login) == ("", "", None)
    assert (player.is_active, player.is_staff, player.is_superuser) == (True, False, False)


def test_every_player_has_their_own_details(before):
    details = {"email": "bob@example.org"}
    if KEEPS_EXTRAS:
        details |= {"birthdate": timezone.localdate(), "discord_id": "1", "zoom_id": "2"}
    roster.add_many(with_one(12, **details))
    blank = dict.fromkeys(details) | {"email": ""}
    assert roster.find("player12") == {"username": "player12", **details}
    assert roster.find("player13") == {"username": "player13", **blank}


def test_a_user_has_one_person(before):
    if not hasattr(User, "person") and not hasattr(User, "person_set"):
        with pytest.raises(LookupError):
            person_class()
        return
    roster.add_many(many())
    owners = person_class().objects.values_list("user__username", flat=True)
    loaded = sorted(name for name in owners if name.startswith("player"))
    assert loaded == sorted(row["username"] for row in many())


@pytest.mark.parametrize(
    "name", ["back\\slash", "\\N", "\\.", "tab\tnew\nline", "'it' \"is\"", "é🐉"]
)
def test_a_name_is_stored_as_it_is(before, name):
    roster.add_many(with_one(12, username=name))
    assert roster.find(name)["username"] == name


def test_no_more_rows_are_kept_than_a_block(before):
    class Row(dict):
        __hash__ = object.__hash__

    alive = weakref.WeakSet()
    most = 0

    def counted():
        nonlocal most
        for each in many(95):
            row = Row(each)
            alive.add(row)
            most = max(most, len(alive))
            yield row

    assert roster.add_many(counted()) == 95
    assert most <= 2 * copying.BLOCK + 1


def test_the_rows_may_be_read_from_the_database_meanwhile(before):
    User.objects.bulk_create(User(username=f"old{i}") for i in range(25))
    names = User.objects.filter(username__startswith="old").values_list("username", flat=True)
    assert roster.add_many({"username": f"{name}-twin"} for name in names.iterator(7)) == 25


def test_tables_with_checks_that_still_wait_are_loaded(nobody_yet):
    enrolled("bob")
    roster.remove("bob")
    assert roster.add_many(many()) == 25


def test_who_may_only_write_rows_may_add_many(before):
    """PostgreSQL lets nobody but its owner alter a table."""
    role = f"writer_{VARIANT}"
    rows(f"""
        CREATE ROLE {role};
        GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
        SET LOCAL ROLE {role}
    """)
    assert roster.add_many(many()) == 25


def test_what_a_definition_does_not_bring_back_is_not_dropped(nobody_yet):
    """An index with a comment, one with a parameter, and one that another table's key refers to."""
    rows(f"""
        CREATE INDEX ours_1 ON {USERS} (date_joined);
        COMMENT ON INDEX ours_1 IS 'for the monthly letter';
        CREATE INDEX ours_2 ON {USERS} (date_joined) WITH (fillfactor = 70);
        CREATE UNIQUE INDEX ours_3 ON {USERS} (username, email);
        CREATE TABLE fan (username varchar, email varchar,
            FOREIGN KEY (username, email) REFERENCES {USERS} (username, email));
        CREATE INDEX ours_4 ON {USERS} (email) INCLUDE (username) WHERE email LIKE '%%@example.org'
    """)
    catalogs, _ = state()
    ran = statements(lambda: roster.add_many(many()))
    assert state()[0] == catalogs
    dropped = {sql.split()[-1] for sql in ran if sql.startswith("DROP INDEX")}
    assert {name for name in dropped if name.startswith("ours")} == {"ours_4"}


def test_a_default_that_a_column_has_already_stays(nobody_yet):
    rows(f"ALTER TABLE {USERS} ALTER first_name SET DEFAULT 'N.'")
    catalogs, _ = state()
    roster.add_many(many())
    assert state()[0] == catalogs
    assert User.objects.get(username="player12").first_name == ""
