"""The staged moves to a custom user: old and new code run beside each other, nothing is lost."""

import os

import pytest
from sample import for_each, sample, selected

from workbench.errors import WorkbenchError
from workbench.move import moves, report, staged
from workbench.server.databases import drop

STAGED = {it.name: it for it in moves.all_moves() if it.stages}
# MOVES_PLAYERS=1000000 for the real thing
PLAYERS = int(os.environ.get("MOVES_PLAYERS", "300"))
SAMPLE = sample(STAGED, ["foreignkey_to_custom_user"])
CODES = ["old", "new", "new again", "old again"]


@pytest.fixture(scope="module")
def told(request, server):
    """{move: what came of it, there and back}, all at once."""

    def ride(name):
        it = STAGED[name]
        rule = "newest" if it.wants_rule else ""
        told = staged.move(server, it, PLAYERS, rule=rule)
        drop(server, f"move_{it.staged_name}")
        return told

    return for_each(selected(request, "name"), ride, at_once=len(STAGED))


def wrong(told, beginning):
    """What is wrong by the checks of such a name; there is at least one of them."""
    found = [check for check in told.checks if check.name.startswith(beginning)]
    assert found
    return [said for check in found for said in check.wrong]


def test_there_are_three():
    assert {it.source for it in STAGED.values()} == {
        "proxy_model",
        "profile_onetoone",
        "foreignkey",
    }


@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize("code", CODES)
def test_nobody_meets_an_error(told, name, code):
    assert told[name].probes[code]["acts"] > 40
    assert wrong(told[name], f"visitors of {code}") == []


@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize("code", CODES)
def test_nobody_waits_for_two_seconds(told, name, code):
    print(f"{code}: {told[name].probes[code]['longest']}, idle {told[name].idle:.2f} s")
    assert wrong(told[name], f"waits of {code}") == []


@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize("code", CODES)
def test_every_write_is_there_afterwards(told, name, code):
    assert told[name].probes[code]["wrote"] > 10
    assert wrong(told[name], f"writes of {code}") == []


@pytest.mark.parametrize("name", SAMPLE)
def test_while_both_run_they_say_the_same_and_take_the_same_logins(told, name):
    assert wrong(told[name], "both sides") == []
    assert wrong(told[name], "logins at") == []


@pytest.mark.parametrize("name", SAMPLE)
def test_nothing_of_the_other_players_is_lost_there_and_back(told, name):
    assert wrong(told[name], "census") == []


@pytest.mark.parametrize("name", SAMPLE)
def test_it_ends_as_a_fresh_custom_user_and_goes_back_to_a_fresh_source(told, name):
    assert wrong(told[name], "custom_user:") == []
    assert wrong(told[name], f"{STAGED[name].source}:") == []


@pytest.mark.parametrize("name", SAMPLE)
def test_its_report_is_read_again(told, name, tmp_path):
    report.write(told[name], tmp_path / "moves.json")
    [known] = report.read(tmp_path / "moves.json").values()
    assert known.stages[-1].to.startswith("0002")


def test_where_there_is_no_staged_way_it_is_refused():
    with pytest.raises(WorkbenchError, match="There is no staged way from custom_user"):
        staged.staged(moves.move("custom_user", "foreignkey"))
