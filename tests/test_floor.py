"""The floor is the same work: SQL by hand returns and leaves what the variant's own code does."""

import pytest

from workbench import databases, postgres
from workbench.bench.child import Child
from workbench.bench.subjects import of_variant
from workbench.variants import VARIANTS

PLAYERS = 200
OPERATIONS = [
    *("find", "page", "deepest_page", "is_taken", "by_discord_id", "count_under"),
    *("change", "register", "remove", "add_many", "register_page", "login_page", "profile_page"),
]
# a proxy has no place for what these look for
CANNOT = {("proxy_model", "by_discord_id"), ("proxy_model", "count_under")}
PAIRS = [(v, o) for v in VARIANTS for o in OPERATIONS if (v, o) not in CANNOT]


@pytest.fixture(scope="module")
def subject(server):
    """Processes of the variants, each on a database with players."""
    running = {}

    def of(variant):
        if variant not in running:
            running[variant] = child = Child(of_variant(variant), server, seed=7)
            databases.anew(server, f"floor_{variant}")
            child.acts = child.ask("open", database=f"floor_{variant}", players=PLAYERS)
            child.ask("migrate")
            child.ask("fill")
        return running[variant]

    yield of
    for variant, child in running.items():
        child.end()
        databases.drop(server, f"floor_{variant}")


@pytest.mark.parametrize("variant", VARIANTS)
def test_loading_leaves_the_schema_as_migrations_made_it(subject, server, variant):
    """Indexes and keys are dropped for it, and built again."""
    subject(variant)
    databases.anew(server, "floor_unloaded")
    child = Child(of_variant(variant), server, seed=7)
    child.ask("open", database="floor_unloaded", players=0)
    child.ask("migrate")
    assert schema(server, f"floor_{variant}") == schema(server, "floor_unloaded")
    child.end()
    databases.drop(server, "floor_unloaded")


def schema(server, database):
    """Its constraints and indexes."""
    with postgres.connect(server, database) as connection:
        constraints = connection.execute(
            """SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)
               FROM pg_constraint WHERE conrelid <> 0 ORDER BY 1, 2"""
        ).fetchall()
        indexes = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
    assert len(constraints) > 10 < len(indexes)
    return constraints, indexes


def both(child, operation):
    """What came of the operation in the variant's own way, and by SQL."""
    [own] = {way for its, way in child.acts if its == operation} & {"roster", "http"}
    return [child.ask("outcome", operation=operation, way=way) for way in (own, "sql")]


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
    assert [value for value in shown if f'value="{value}"' not in page["result"]] == []


@pytest.mark.parametrize(
    ("operation", "writes"), [("register", 1), ("remove", 0), ("add_many", 100), ("find", 0)]
)
def test_what_an_operation_does_is_seen(subject, operation, writes):
    """Or two ways that do nothing would be alike."""
    own, by_hand = both(subject("custom_user"), operation)
    for found in (own, by_hand):
        assert len(found["rows"]["players_user"]) == PLAYERS + writes


def test_a_taken_username_is_refused_by_hand_too(subject):
    child = subject("profile_onetoone")
    assert child.ask("outcome", operation="is_taken", way="sql")["result"] is True
