"""Visitors of the old and of the new code while a move runs: what they meet, and what is kept."""

import pytest
from sample import for_each, sample, selected

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
SAMPLE = sample(NAMES, [NAMES[0], NAMES[2]])


@pytest.fixture(scope="module")
def met(request, server):
    """{move: {code: what its visitor met}}, two moves at once."""

    def visit(move_name):
        it, name = move(*move_name.split("_to_")), f"probed_{move_name}"
        anew(server, name)
        Project(server, it.source, name).do(("migrate", {}), ("load", {"players": PLAYERS}))
        told = run.visited(server, it, name, "newest")
        drop(server, name)
        return told

    return for_each(selected(request, "name"), visit)


@pytest.mark.parametrize("code", ["old", "new"])
@pytest.mark.parametrize("name", SAMPLE)
def test_what_was_written_meanwhile_is_there_afterwards(met, name, code):
    assert met[name][code]["wrote"] > 0
    assert met[name][code]["lost"] == []


@pytest.mark.parametrize("code", ["old", "new"])
@pytest.mark.parametrize("name", SAMPLE)
def test_nobody_waits_for_one_who_waits_for_them(met, name, code):
    """PostgreSQL would end one of the two, and might choose the move."""
    for error in ("first_error", "last_error"):
        assert "deadlock" not in (met[name][code][error] or {}).get("error", "")


@pytest.mark.parametrize("name", SAMPLE)
def test_after_the_move_the_new_code_meets_no_error(met, name):
    """The last error came while the move ran, or before."""
    last = met[name]["new"]["last_error"]
    assert last is None or last["at"] < met[name]["new"]["until"] - project.AFTER


@pytest.mark.parametrize("name", ["proxy_model_to_profile_onetoone"])
def test_where_tables_are_only_added_the_old_code_meets_no_error(met, name):
    assert met[name]["old"]["errors"] == 0


@pytest.mark.parametrize("name", ["profile_onetoone_to_custom_user"])
def test_the_old_code_ends_where_its_table_has_gone(met, name):
    said = met[name]["old"]["last_error"]
    assert 'relation "auth_user" does not exist' in said["error"]


@pytest.mark.parametrize("name", SAMPLE)
def test_it_says_how_long_somebody_waited_and_at_what(met, name):
    for visit in met[name].values():
        assert visit["longest"]["seconds"] > 0
        assert visit["longest"]["what"] in {"register", "edit", "read", "login"}


@pytest.mark.parametrize("name", NAMES[:1])
def test_what_they_met_is_read_as_it_was_written(met, name, tmp_path):
    told = report.Report(name, PLAYERS, "", probes=met[name])
    report.write(told, tmp_path / "moves.json")
    assert report.read(tmp_path / "moves.json")[name].probes == met[name]
