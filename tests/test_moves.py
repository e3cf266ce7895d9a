"""The twelve moves, forward and back, with everything that hangs on players in real life."""

import dataclasses
import json

import pytest
from sample import for_each, sample, selected

from workbench import recorded
from workbench.errors import WorkbenchError
from workbench.move import command, report, run, verify
from workbench.move.moves import all_moves
from workbench.server.databases import drop

PLAYERS = 2_000
MOVES = {it.name: it for it in all_moves()}
NAMES = list(MOVES)
# from each variant and to each
SAMPLE = [
    "proxy_model_to_profile_onetoone",
    "profile_onetoone_to_custom_user",
    "custom_user_to_foreignkey",
    "foreignkey_to_proxy_model",
]
WITH_SUITE = SAMPLE[1:2]


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


@pytest.mark.parametrize("name", sample(NAMES, SAMPLE))
def test_forward_nothing_is_lost(ridden, name):
    assert ridden[name].rides[0].wrong == []


@pytest.mark.parametrize("name", sample(NAMES, SAMPLE))
def test_back_everything_is_as_it_was_and_what_was_done_since_is_kept(ridden, name):
    assert ridden[name].rides[1].wrong == []


@pytest.mark.parametrize("name", sample(NAMES, SAMPLE))
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


@pytest.mark.parametrize("name", sample(NAMES, SAMPLE))
def test_only_a_change_of_the_key_rewrites_tables(ridden, name):
    rewritten = ridden[name].rides[0].rewritten
    assert ("custom_user" in name) == ("world_guild_members" in rewritten)
    assert ("custom_user" in name) == bool(rewritten)


@pytest.mark.parametrize("name", sample(NAMES, SAMPLE))
def test_a_report_is_read_as_it_was_written(ridden, name, tmp_path):
    report.write(ridden[name], tmp_path / "moves.json")
    [told] = report.read(tmp_path / "moves.json").values()
    assert told == ridden[name]


def test_a_report_of_another_version_is_one_sentence(tmp_path):
    file = tmp_path / "moves.json"
    file.write_text(json.dumps({NAMES[0]: {"name": NAMES[0], "rides": [{"rows": 1.0}]}}))
    with pytest.raises(WorkbenchError, match="is of another version: remove it, and run `workb"):
        report.read(file)


@pytest.fixture
def recorded_now(ridden, server, name):
    """The move's report as `workbench move record` writes it."""
    it = MOVES[name]
    measured = report.measured_now(it, it.name, PLAYERS, recorded.versions(server))
    return dataclasses.replace(ridden[name], measured=measured)


@pytest.mark.parametrize("name", NAMES[:1])
def test_a_move_that_is_recorded_is_not_run_again(recorded_now, server, name, tmp_path):
    file = tmp_path / "moves.json"
    report.write(recorded_now, file)
    written = file.read_text()
    command.record(server, [MOVES[name]], PLAYERS, fresh=False, file=file)
    assert file.read_text() == written


@pytest.mark.parametrize("name", NAMES[:1])
@pytest.mark.parametrize("key", ["command", "versions", "sources"])
def test_a_move_is_recorded_again_for_another_command_version_or_code(recorded_now, name, key):
    now = recorded_now.measured
    assert report.is_recorded(recorded_now, now)
    assert not report.is_recorded(recorded_now, now | {key: "another"})
    assert not report.is_recorded(None, now)


@pytest.mark.parametrize("name", NAMES[:1])
def test_a_report_says_that_the_code_is_newer(recorded_now, name):
    [line] = report.measured_on({name: recorded_now})
    assert line.startswith(f"Measured with {PLAYERS:,} users: ")
    recorded_now.measured |= {"sources": "of other code"}
    said = report.measured_on({name: recorded_now})
    assert said == [line, "The code has changed since then."]


@pytest.mark.parametrize("name", NAMES[:1])
def test_the_figures_are_those_of_the_report(recorded_now, name):
    ride = recorded_now.rides[0]
    visit = {"errors": 3, "lost": ["one"], "longest": {"seconds": 0.25}}
    told = dataclasses.replace(recorded_now, probes={"old": visit, "new": visit})
    seconds, _, *met = report.figures(told)
    assert seconds == f"{ride.seconds:.1f}"
    assert met == ["0.25", "3", "2"]
