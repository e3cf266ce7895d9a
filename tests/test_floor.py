"""The floor is the same work: SQL by hand returns and leaves what the variant's own code does."""

import pytest

from workbench.bench.run import LOADS
from workbench.bench.subjects import Child, of_variant
from workbench.server import databases, postgres, processes
from workbench.variants import VARIANTS

PLAYERS = 200
# more than a block of the loader
MANY = 12_000
OPERATIONS = [
    *("find", "page", "deepest_page", "by_discord_id", "count_under"),
    *("change", "register", "remove", "add_many", "register_page", "login_page", "profile_page"),
]


class WithOutcomes(Child):
    module = "tests.outcomes"


# a proxy has no place for what these look for
CANNOT = {("proxy_model", "by_discord_id"), ("proxy_model", "count_under")}
PAIRS = [(v, o) for v in VARIANTS for o in OPERATIONS if (v, o) not in CANNOT]


@pytest.fixture(scope="module")
def subject(server):
    """Processes of the variants, each on a database with players."""
    running = {}

    def of(variant):
        if variant not in running:
            running[variant] = child = WithOutcomes(of_variant(variant), server, seed=7)
            databases.anew(server, f"floor_{variant}")
            child.acts = child.do("open", database=f"floor_{variant}", players=PLAYERS)
            child.do("migrate")
            child.do("fill")
        return running[variant]

    yield of
    for variant, child in running.items():
        processes.end([child])
        databases.drop(server, f"floor_{variant}")


@pytest.mark.parametrize("variant", VARIANTS)
def test_loading_leaves_the_schema_as_migrations_made_it(subject, server, variant):
    """Indexes and keys are dropped for it, and built again."""
    subject(variant)
    databases.anew(server, "floor_unloaded")
    child = WithOutcomes(of_variant(variant), server, seed=7)
    child.do("open", database="floor_unloaded", players=0)
    child.do("migrate")
    assert schema(server, f"floor_{variant}") == schema(server, "floor_unloaded")
    processes.end([child])
    databases.drop(server, "floor_unloaded")


def schema(server, database):
    """Its constraints, indexes and defaults."""
    with postgres.connect(server, database) as connection:
        constraints = connection.execute(
            """SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)
               FROM pg_constraint WHERE conrelid <> 0 ORDER BY 1, 2"""
        ).fetchall()
        indexes = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        defaults = connection.execute(
            """SELECT adrelid::regclass::text, adnum, pg_get_expr(adbin, adrelid)
               FROM pg_attrdef ORDER BY 1, 2"""
        ).fetchall()
    assert len(constraints) > 10 < len(indexes)
    return constraints, indexes, defaults


def both(child, operation):
    """What came of the operation in the variant's own way, and by SQL."""
    [own] = {way for its, way in child.acts if its == operation} & {"roster", "http"}
    return [child.do("outcome", operation=operation, way=way) for way in (own, "sql")]


@pytest.fixture(scope="module", params=VARIANTS)
def loaded(request, server):
    """A variant's databases, filled by one load in each way."""
    child = WithOutcomes(of_variant(request.param), server, seed=7)
    empty = f"floor_empty_{request.param}"
    databases.anew(server, empty)
    child.do("open", database=empty, players=0)
    child.do("migrate")
    child.do("close")
    tables = child.do("tables")
    names = {way: f"floor_{way}_{request.param}" for way in LOADS}
    for way, name in names.items():
        databases.anew(server, name, empty)
        child.do("load", database=name, players=MANY, way=way)
    processes.end([child])
    yield {"empty": empty, **names}, tables
    for name in (empty, *names.values()):
        databases.drop(server, name)


@pytest.mark.parametrize("way", LOADS)
def test_a_load_leaves_the_schema_as_it_was(loaded, server, way):
    names, _ = loaded
    assert schema(server, names[way]) == schema(server, names["empty"])


@pytest.mark.parametrize("way", ["seed", "sql"])
def test_a_load_leaves_the_rows_that_the_roster_leaves(loaded, server, way):
    names, tables = loaded
    own, other = (all_rows(server, names[its], tables) for its in ("roster", way))
    assert [len(rows) for rows in own] == [MANY] * len(tables)
    assert other == own


@pytest.mark.parametrize("way", LOADS)
def test_who_comes_after_a_load_gets_the_next_id(loaded, server, way):
    names, _ = loaded
    with postgres.connect(server, names[way]) as connection:
        latest = connection.execute(
            """SELECT last_value FROM pg_sequences
               WHERE sequencename IN ('auth_user_id_seq', 'players_user_id_seq',
                   'person_person_id_seq') AND last_value IS NOT NULL"""
        ).fetchall()
    assert set(latest) == {(MANY,)}


def all_rows(server, database, tables):
    """The rows of each table with their ids, without what no two loads have in common."""
    with postgres.connect(server, database) as connection:
        return [
            connection.execute(
                f"""SELECT (to_jsonb(its) - '{{password, date_joined}}'::text[])::text
                    FROM {table} AS its ORDER BY 1"""
            ).fetchall()
            for table in tables
        ]


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_operations_have_sql_beside_them(subject, variant):
    by_sql = {operation for operation, way in subject(variant).acts if way == "sql"}
    assert by_sql == {operation for its, operation in PAIRS if its == variant}


@pytest.mark.parametrize(("variant", "operation"), PAIRS)
def test_sql_by_hand_leaves_the_same_rows(subject, variant, operation):
    own, by_hand = both(subject(variant), operation)
    assert len(own["rows"]) >= 2
    assert by_hand["rows"] == own["rows"]


@pytest.mark.parametrize(("variant", "operation"), [it for it in PAIRS if it[1] != "profile_page"])
def test_sql_by_hand_returns_the_same(subject, variant, operation):
    own, by_hand = both(subject(variant), operation)
    assert own["result"] is not None
    assert by_hand["result"] == own["result"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_profile_shows_what_sql_by_hand_returns(subject, variant):
    page, by_hand = both(subject(variant), "profile_page")
    shown = [value for name, value in by_hand["result"].items() if name != "username"]
    assert len(shown) == (1 if variant == "proxy_model" else 4)
    assert [value for value in shown if value not in page["result"]] == []


@pytest.mark.parametrize(
    ("operation", "writes"), [("register", 1), ("remove", 0), ("add_many", 100), ("find", 0)]
)
def test_what_an_operation_does_is_seen(subject, operation, writes):
    """Or two ways that do nothing would be alike."""
    own, by_hand = both(subject("custom_user"), operation)
    for found in (own, by_hand):
        assert len(found["rows"]["players_user"]) == PLAYERS + writes
