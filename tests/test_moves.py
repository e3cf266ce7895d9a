"""The twelve moves, forward and back, with everything that hangs on players in real life."""

import json

import pytest
from sample import for_each, sample, selected

from workbench.move import report, run, verify
from workbench.move.moves import all_moves
from workbench.server.databases import drop

PLAYERS = 2_000
MOVES = {it.name: it for it in all_moves()}
NAMES = list(MOVES)
# from each variant and to each
WITH_SUITE = [
    "proxy_model_to_profile_onetoone",
    "profile_onetoone_to_custom_user",
    "custom_user_to_foreignkey",
    "foreignkey_to_proxy_model",
]


@pytest.fixture(scope="module")
def ridden(request, server):
    """{move: its report}, forward and back, several at once."""
    with_suite = selected(request, "with_suite")

    def ride(name):
        also = [verify.suite] if name in with_suite else []
        told = run.move(server, MOVES[name], PLAYERS, rule="newest", back=True, also=also)
        drop(server, f"move_{name}")
        return told

    return for_each(selected(request, "name", "with_suite"), ride, at_once=3)


def test_there_are_twelve():
    assert len(NAMES) == 12
    assert all(it.folder.is_dir() for it in MOVES.values())


@pytest.mark.parametrize("name", NAMES)
def test_forward_nothing_is_lost(ridden, name):
    assert ridden[name].rides[0].wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_back_everything_is_as_it_was_and_what_was_done_since_is_kept(ridden, name):
    assert ridden[name].rides[1].wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_the_census_counted_all_that_hangs_on_players(ridden, name):
    counted = {check.name: check.looked_at for check in ridden[name].rides[0].checks}
    facts = {"users", "permissions", "log entries", "sessions", "contents of sessions"}
    facts |= {"rows of users_groups", "rows of world_guild", "rows of world_guild_members"}
    facts |= {"generic relations", "migrations of other apps"}
    assert {fact for fact in facts if counted.get(fact, "0") == "0"} == set()
    assert counted["users"] == f"{PLAYERS:,}"


@pytest.mark.parametrize("with_suite", sample(NAMES, WITH_SUITE))
def test_the_targets_suite_passes_on_the_moved_database(ridden, with_suite):
    [said] = [check for check in ridden[with_suite].rides[0].checks if check.name == "suite"]
    assert said.wrong == []
    assert int(said.looked_at.split()[0]) > 100


@pytest.mark.parametrize("name", NAMES)
def test_only_a_change_of_the_key_rewrites_tables(ridden, name):
    rewritten = ridden[name].rides[0].rewritten
    assert ("custom_user" in name) == ("world_guild_members" in rewritten)
    assert ("custom_user" in name) == bool(rewritten)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_read_as_it_was_written(ridden, name, tmp_path):
    report.write(ridden[name], tmp_path / "moves.json")
    [told] = report.read(tmp_path / "moves.json").values()
    assert told == ridden[name]


def test_a_report_that_an_older_workbench_has_written_is_left_out_and_goes_with_the_next(tmp_path):
    file = tmp_path / "moves.json"
    file.write_text(json.dumps({NAMES[0]: {"name": NAMES[0], "rides": [{"rows": 1.0}]}}))
    assert report.read(file) == {}
    report.write(report.Report(NAMES[1], PLAYERS, ""), file)
    assert list(json.loads(file.read_text())) == [NAMES[1]]
