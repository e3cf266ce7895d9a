"""The staged move to a custom user: the old code and the new run beside it, and nothing is lost."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from workbench import postgres, variants
from workbench.move import census, run
from workbench.move.census import Ends
from workbench.move.inside import Project
from workbench.places import PROJECT

STAGED = "moves.profile_onetoone_to_custom_user_staged.settings"
# MOVES_PLAYERS=1000000 for the real thing
PLAYERS = int(os.environ.get("MOVES_PLAYERS", "20000"))
SECONDS = 3


class Probe:
    """A visitor of the code in a folder, as long as it is not stopped."""

    def __init__(self, server, folder, database, name):
        self.process = subprocess.Popen(
            [sys.executable, str(PROJECT / "tests" / "probing.py"), database, name],
            env=variants.environment("custom_user", server) | {"PYTHONPATH": f"{folder}:{PROJECT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def stop(self):
        said, _ = self.process.communicate("\n", timeout=60)
        return json.loads(said.splitlines()[-1])


@pytest.fixture(scope="module")
def new_code(tmp_path_factory):
    """The custom user's code, with one line more as long as the table keeps its name."""
    folder = tmp_path_factory.mktemp("new") / "custom_user"
    shutil.copytree(variants.path("custom_user"), folder)
    models = folder / "players" / "models.py"
    meta = "    class Meta(AbstractUser.Meta):\n"
    models.write_text(models.read_text().replace(meta, f'{meta}        db_table = "auth_user"\n'))
    return folder


@pytest.fixture(scope="module")
def told(server, new_code):
    """What the probes of the old and of the new code saw and wrote, and what is left of it."""
    name = "staged"
    run.make(server, name)
    source = Project(server, "profile_onetoone", name)
    source.do(("migrate", {}), ("load", {"players": PLAYERS}))
    ends = Ends("profile_onetoone", "custom_user")
    moving = replace(source, variant="custom_user", settings=STAGED)
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        census.count(cursor, "before", "profile_onetoone", ends, "")
        old = Probe(server, variants.path("profile_onetoone"), name, "old")
        moving.do(("migrate", {"app": "players", "to": "0005"}))
        new = Probe(server, new_code, name, "new")
        time.sleep(SECONDS)
        found = {"old": old.stop()}
        apart = cursor.execute(APART).fetchall()
        moving.do(("migrate", {"app": "players", "to": "0006"}))
        found["new"] = new.stop()
        stored = dict(cursor.execute("SELECT username, discord_id FROM auth_user").fetchall())
        moving.do(("migrate", {}))
        census.count(cursor, "after", "custom_user", ends, "")
        probes = tuple(player for probe in found.values() for player in probe["wrote"])
        lost = census.compare(cursor, "before", "after", but=probes)
        checks = run.verified(server, "custom_user", name)
        moving.do(("migrate", {"app": "players", "to": "0002"}))
        back = run.verified(server, "profile_onetoone", name)
        census.count(cursor, "again", "profile_onetoone", ends, "")
        lost_on_the_way_back = census.compare(cursor, "before", "again", but=probes)
    run.drop(server, name)
    for code, probe in found.items():
        print(f"{code}: {probe['times']} times, longest wait {probe['longest']:.2f} s")
    return {
        "probes": found,
        "apart": apart,
        "stored": stored,
        "lost": lost + lost_on_the_way_back,
        "checks": checks + back,
    }


APART = """
    SELECT id FROM auth_user LEFT JOIN person ON user_id = id
    WHERE (auth_user.birthdate, auth_user.discord_id, auth_user.zoom_id)
        IS DISTINCT FROM (person.birthdate, person.discord_id, person.zoom_id)
"""


@pytest.mark.parametrize("code", ["old", "new"])
def test_nobody_meets_an_error_or_waits_for_two_seconds(told, code):
    probe = told["probes"][code]
    assert probe["errors"] == []
    assert probe["times"] > 10
    assert probe["longest"] < 2


@pytest.mark.parametrize("code", ["old", "new"])
def test_every_write_is_there_afterwards(told, code):
    wrote = told["probes"][code]["wrote"]
    assert wrote
    assert {player: told["stored"].get(player) for player in wrote} == wrote


def test_while_both_run_the_two_sides_are_equal(told):
    assert told["apart"] == []


def test_nothing_of_the_other_players_is_lost_there_and_back(told):
    """The probes' own logins are the new sessions."""
    assert [it for it in told["lost"] if not it.startswith("sessions:") or "is lost" in it] == []


def test_it_ends_as_a_fresh_custom_user_and_goes_back_to_a_fresh_profile(told):
    assert [said for check in told["checks"] for said in check.wrong] == []
