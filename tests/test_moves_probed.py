"""Visitors of the old and of the new code while a move runs: what they meet, and what is kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.move import project, report, run
from workbench.move.moves import move
from workbench.move.project import Project
from workbench.server.databases import anew, drop

PLAYERS = 500
MOVES = [
    ("proxy_model", "profile_onetoone"),
    ("profile_onetoone", "foreignkey"),
    ("profile_onetoone", "custom_user"),
    ("foreignkey", "proxy_model"),
]
NAMES = ["_to_".join(both) for both in MOVES]


@pytest.fixture(scope="module")
def met(server):
    """{move: {code: what its visitor met}}, two moves at once."""

    def visit(both):
        it, name = move(*both), f"probed_{both[0]}_{both[1]}"
        anew(server, name)
        Project(server, it.source, name).do(("migrate", {}), ("load", {"players": PLAYERS}))
        told = run.visited(server, it, name, "newest")
        drop(server, name)
        return it.name, told

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(visit, MOVES))


@pytest.mark.parametrize("code", ["old", "new"])
@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_meanwhile_is_there_afterwards(met, name, code):
    assert met[name][code]["wrote"] > 0
    assert met[name][code]["lost"] == []


@pytest.mark.parametrize("code", ["old", "new"])
@pytest.mark.parametrize("name", NAMES)
def test_nobody_waits_for_one_who_waits_for_them(met, name, code):
    """PostgreSQL would end one of the two, and might choose the move."""
    for error in ("first_error", "last_error"):
        assert "deadlock" not in (met[name][code][error] or {}).get("error", "")


@pytest.mark.parametrize("name", NAMES)
def test_after_the_move_the_new_code_meets_no_error(met, name):
    """The last error came while the move ran, or before."""
    last = met[name]["new"]["last_error"]
    assert last is None or last["at"] < met[name]["new"]["until"] - project.AFTER


def test_where_tables_are_only_added_the_old_code_meets_no_error(met):
    assert met["proxy_model_to_profile_onetoone"]["old"]["errors"] == 0


def test_the_old_code_ends_where_its_table_has_gone(met):
    said = met["profile_onetoone_to_custom_user"]["old"]["last_error"]
    assert 'relation "auth_user" does not exist' in said["error"]


@pytest.mark.parametrize("name", NAMES)
def test_it_says_how_long_somebody_waited_and_at_what(met, name):
    for visit in met[name].values():
        assert visit["longest"]["seconds"] > 0
        assert visit["longest"]["what"] in {"register", "edit", "read", "login"}


def test_what_they_met_is_read_as_it_was_written(met, tmp_path):
    told = report.Report(NAMES[0], PLAYERS, "", probes=met[NAMES[0]])
    report.write(told, tmp_path / "moves.json")
    assert report.read(tmp_path / "moves.json")[NAMES[0]].probes == met[NAMES[0]]
