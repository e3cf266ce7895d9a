"""Killed before any statement, a move leaves the database as its last migration did."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from moving import Databases

from workbench import postgres, variants
from workbench.move import census, run
from workbench.move.census import Ends
from workbench.move.moves import move
from workbench.places import PROJECT

KILLED = [("profile_onetoone", "custom_user"), ("foreignkey", "profile_onetoone")]


def killed_everywhere(databases, source, target):
    """Kill it everywhere until it is through; then verify as after any move."""
    it = move(source, target)
    files = sorted((it.folder / "migrations").glob("0*.py"))
    with databases.copy(databases.template(source)) as name:
        ends = Ends(source, target)
        with postgres.connect(databases.server, name) as connection:
            census.count(connection.cursor(), "before", source, ends, "newest")
        order = {"database": name, "world": True, "rule": "newest", "migrations": len(files)}
        done = subprocess.run(
            [sys.executable, "tests/killing.py", json.dumps(order)],
            env=variants.environment(target, databases.server)
            | {"DJANGO_SETTINGS_MODULE": it.settings},
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        with postgres.connect(databases.server, name) as connection:
            cursor = connection.cursor()
            census.count(cursor, "after", target, ends, "")
            told["lost"] = census.compare(cursor, "before", "after")
        checks = run.verified(databases.server, target, name)
        told["not_as_it_was"] = [said for check in checks for said in check.wrong]
    return told


@pytest.fixture(scope="module")
def told(server):
    databases = Databases(server)
    for source, _ in KILLED:
        databases.template(source)
    with ThreadPoolExecutor(2) as pool:
        ran = pool.map(lambda pair: killed_everywhere(databases, *pair), KILLED)
        return dict(zip(KILLED, ran, strict=True))


@pytest.mark.parametrize("pair", KILLED, ids="_to_".join)
def test_a_kill_leaves_what_the_last_migration_left(told, pair):
    assert told[pair]["wrong"] == []
    assert told[pair]["kills"] > 100


@pytest.mark.parametrize("pair", KILLED, ids="_to_".join)
def test_after_all_the_kills_the_move_goes_through_and_nothing_is_lost(told, pair):
    assert told[pair]["lost"] == []
    assert told[pair]["not_as_it_was"] == []
