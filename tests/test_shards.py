"""Distributing by user: what PostgreSQL takes, what it refuses and why, and the recipe."""

import json
import re

import pytest

from workbench.move.run import drop
from workbench.paths import PROJECT
from workbench.server import databases, postgres
from workbench.shards import command, run
from workbench.shards.tried import FOLDER, sections
from workbench.site import pages
from workbench.variants import VARIANTS

PLAYERS = 500
LACKS = "which is part of the partition key."
OURS = {"profile_onetoone": "person", "foreignkey": "person"}
USERS = dict.fromkeys(VARIANTS, "auth_user") | {"custom_user": "players_user"}


@pytest.fixture(scope="module")
def found(server):
    """What a run with few players finds, as the site reads it from the file."""
    return json.loads(json.dumps(run.run(server, PLAYERS), default=str))


def table(found, variant, name):
    [one] = [it for it in found["schemas"][variant] if it["table"] == name]
    return one


def keys(table, kind):
    return [key for key in table["keys"] if key["kind"] == kind]


def primary_key(found, variant, name):
    [key] = keys(table(found, variant, name), "primary key")
    return key


# Which schemas can be distributed


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_table_that_hangs_on_a_user_is_tried(found, variant):
    users = USERS[variant]
    hanging = {users, f"{users}_groups", f"{users}_user_permissions", "django_admin_log"}
    hanging |= {OURS[variant]} if variant in OURS else set()
    tried = {it["table"] for it in found["schemas"][variant]}
    assert tried == hanging | {"django_session"}
    assert all(it["trial"]["sqlstate"] == "" for it in found["schemas"][variant])


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_variant_keeps_its_usernames_unique(found, variant):
    users = table(found, variant, USERS[variant])
    unique = [*keys(users, "unique"), *keys(users, "unique index")]
    assert [key["trial"]["sqlstate"] for key in unique] == ["0A000", "0A000"]
    assert all(key["trial"]["error"].endswith(LACKS) for key in unique)
    assert "upper((username)::text)" in unique[1]["trial"]["sql"]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("suffix", ["_groups", "_user_permissions"])
def test_djangos_many_to_many_tables_need_a_wider_key(found, variant, suffix):
    name = USERS[variant] + suffix
    key = primary_key(found, variant, name)
    assert key["trial"]["sqlstate"] == "0A000"
    assert key["instead"]["sql"].endswith("PRIMARY KEY (user_id, id)")
    assert key["instead"]["sqlstate"] == ""
    [pair] = keys(table(found, variant, name), "unique")
    assert pair["trial"]["sqlstate"] == ""


@pytest.mark.parametrize("variant", VARIANTS)
def test_so_does_the_admins_log(found, variant):
    key = primary_key(found, variant, "django_admin_log")
    assert (key["trial"]["sqlstate"], key["instead"]["sqlstate"]) == ("0A000", "")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_foreign_key_survives(found, variant):
    foreign = [key for it in found["schemas"][variant] for key in keys(it, "foreign key")]
    assert len(foreign) >= 6
    assert {key["trial"]["sqlstate"] for key in foreign} == {""}


@pytest.mark.parametrize("variant", VARIANTS)
def test_sessions_are_distributed_by_their_own_key(found, variant):
    assert table(found, variant, "django_session")["by"] == "session_key"
    assert primary_key(found, variant, "django_session")["trial"]["sqlstate"] == ""


def test_a_profile_whose_key_is_the_user_lies_beside_its_user(found):
    assert primary_key(found, "profile_onetoone", "person")["trial"]["sqlstate"] == ""


def test_a_profile_with_a_key_of_its_own_needs_the_user_in_it(found):
    key = primary_key(found, "foreignkey", "person")
    assert key["trial"]["sqlstate"] == "0A000"
    assert key["instead"]["sql"].endswith("PRIMARY KEY (user_id, person_id)")
    assert key["instead"]["sqlstate"] == ""


# The recipe


def test_a_table_that_is_there_cannot_be_partitioned_in_place(found):
    assert found["in_place"]["sqlstate"] == "42601"


def test_all_players_and_what_hangs_on_them_move(found):
    assert found["moved"]["rows"] == {
        "players_user": PLAYERS,
        "players_user_groups": PLAYERS // 10,
        "players_user_user_permissions": PLAYERS // 100,
        "django_admin_log": PLAYERS // 100,
    }
    assert sum(found["spread"].values()) == PLAYERS
    assert len(found["spread"]) == found["shards"] == 4


def test_one_player_is_read_from_one_shard_by_id_or_claim_and_by_name_from_all(found):
    assert found["reads"] == {"id": 1, "claim": 1, "username": 4}


@pytest.mark.parametrize("name", ["register", "rename", "free_again"])
def test_it_is_done(found, name):
    [[pk]] = found["day"][name]["rows"]
    assert pk > PLAYERS


@pytest.mark.parametrize("name", ["taken", "rename_taken"])
def test_a_taken_name_is_refused_whatever_its_case(found, name):
    trial = found["day"][name]
    assert trial["sqlstate"] == "23505"
    assert "username_claim_" in trial["error"]


def test_a_refused_registration_leaves_nothing(found):
    assert found["day"]["left"]["rows"] == []
    assert found["day"]["unclaimed"]["rows"] == []


def test_a_player_is_found_by_the_claim(found):
    [[_, username, *_]] = found["day"]["find"]["rows"]
    assert username == "alice"
    [[_, username, *_]] = found["day"]["renamed"]["rows"]
    assert username == "Bob"


def test_a_claim_goes_with_its_player_and_never_stands_alone(found):
    assert found["day"]["claim_gone"]["rows"] == [[0]]
    assert found["day"]["orphan"]["sqlstate"] == "23503"


def test_on_conflict_works_at_the_claims_only(found):
    assert found["day"]["conflict_user"]["sqlstate"] == "42P10"
    assert found["day"]["conflict_claim"]["sqlstate"] == ""


def test_of_two_who_register_at_once_the_second_waits_and_one_wins(found):
    committed, rolled_back = found["races"]
    assert committed["second_waited"]
    assert (committed["second"], committed["players"]) == ("23505", 1)
    assert rolled_back["second_waited"]
    assert (rolled_back["second"], rolled_back["players"]) == ("", 1)


def test_ids_do_not_meet(found):
    assert found["ids"]["identity"]["rows"] == [[True, 4]]
    assert found["ids"]["stepped_met"]["rows"] == [[2000, 2000]]
    assert found["ids"]["uuid_spread"]["rows"] == [[2]]


# Django on the shards


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("change", True),
        ("add_many", 2),
        ("nobody_added", None),
        ("page_register", 302),
        ("page_login", 302),
        ("groups", 1),
        ("log", True),
        ("remove", True),
        ("free_again", True),
        ("makemigrations", None),
    ],
)
def test_with_the_trigger_the_variants_code_works_unchanged(found, name, result):
    assert (found["calls"][name]["result"], found["calls"][name]["error"]) == (result, "")


@pytest.mark.parametrize("name", ["taken", "add_many_taken"])
def test_the_variants_own_error_says_that_a_name_is_taken(found, name):
    assert found["calls"][name]["error"].startswith("UsernameTaken: ")


def test_so_does_its_page(found):
    assert list(found["calls"]["page_taken"]["result"]) == ["username"]


def test_an_upsert_by_username_breaks(found):
    assert "ON CONFLICT" in found["calls"]["upsert"]["error"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("composite_key", []),
        ("automatic_part", ["fields.E100"]),
        ("foreign_key_to_it", ["fields.E347"]),
        ("foreign_object_to_it", []),
        ("many_to_many_through_it", []),
        ("username_not_unique", ["auth.E003"]),
    ],
)
def test_what_djangos_checks_say_of_models_for_shards(found, name, says):
    assert [said.partition(":")[0] for said in found["models"][name]["result"]] == says


def test_djangos_admin_takes_no_composite_key(found):
    assert found["models"]["admin"]["error"].startswith("ImproperlyConfigured: ")


def test_django_makes_the_composite_key_but_no_partitions(found):
    sql = found["models"]["its_table"]["result"]
    assert 'PRIMARY KEY ("user_id", "person_id")' in sql
    assert "PARTITION" not in sql


# The command


def test_nothing_is_left_behind(server, found):
    names = [*(f"shards_{variant}" for variant in VARIANTS), "shards_recipe"]
    assert [name for name in names if databases.exists(server, name)] == []


def test_the_result_is_kept_as_it_is(found, tmp_path):
    assert run.read(tmp_path / "shards.json") is None
    run.write(found, tmp_path / "shards.json")
    assert run.read(tmp_path / "shards.json") == found


def test_it_shows_what_is_refused_and_what_is_done(found, capsys):
    command.show(command.Console(width=160), found)
    shown = capsys.readouterr().out
    assert "UNIQUE (upper((username)::text))" in shown
    assert "PRIMARY KEY (user_id, person_id)" in shown
    assert "refused (23505)  register ALICE" in shown


def test_a_database_of_somebody_elses_is_not_touched(server):
    with postgres.connect(server, "postgres") as connection:
        connection.execute("CREATE DATABASE shards_proxy_model")
    try:
        with postgres.connect(server, "shards_proxy_model") as connection:
            connection.execute("CREATE TABLE theirs ()")
        with pytest.raises(run.WorkbenchError, match="shards_proxy_model holds something"):
            run.run(server, PLAYERS)
    finally:
        drop(server, "shards_proxy_model")


def test_too_few_players_are_one_sentence(bare):
    assert bare.complaint("shards", "--players", "99") == (
        "Fewer than 100 players fill no shards: say 100 or more."
    )


# The page


PAGE = PROJECT / "docs" / "scale" / "shards.md"


def filled(monkeypatch, result):
    monkeypatch.setattr(run, "read", lambda: result)
    return pages.filled(PAGE.read_text(), "scale/shards.md", {"questions": []}, {})


def test_the_page_is_filled_in_from_the_result(found, monkeypatch):
    page = filled(monkeypatch, found)
    assert f"{PLAYERS:,} players took" in page
    assert found["day"]["taken"]["error"] in page
    assert found["models"]["foreign_key_to_it"]["result"][0] in page
    assert "`person` loses its key in foreignkey:" in page
    for variant in VARIANTS:
        assert f'=== "{variant}"' in page


def test_a_page_without_a_result_says_which_command_gives_one(monkeypatch):
    page = filled(monkeypatch, None)
    assert "It has not been run here yet: `workbench shards`." in page
    assert "sqlstate" not in page


def test_the_page_shows_the_sql_that_was_run():
    shown = set(re.findall(r'"benchmarks/sharding/claims.sql:(\w+)"', PAGE.read_text()))
    assert shown == set(sections(FOLDER / "claims.sql"))
    assert '"benchmarks/sharding/distribute.sql"' in PAGE.read_text()
