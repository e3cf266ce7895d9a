"""Killed before any statement, a move leaves the database as its last migration did.

A staged move commits as it goes, within the migrations that say so. There a kill leaves what was
committed last: from each such state `migrate` goes on, and comes to what it would have come to.

Of a staged move all statements are tried while somebody serves. Those of the migrations that may
wait, the key and the names, are the plain move's, and are tried there.
"""

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from moving import PLAYERS, Databases

from workbench import variants
from workbench.move import moves
from workbench.move.census import Ends
from workbench.places import PROJECT


@dataclass(frozen=True)
class Kill:
    """A move that is killed; staged if it has stages to go to."""

    source: str
    target: str
    stages: tuple[str, ...] = ("",)
    settings: dict = field(default_factory=dict, hash=False)
    players: int = PLAYERS

    @property
    def it(self):
        return moves.move(self.source, self.target)

    @property
    def staged(self):
        return len(self.stages) > 1

    def __str__(self):
        return self.it.staged_name if self.staged else self.it.name


# few, in batches so small that there are several
BATCH = {"MOVES_BATCH": 25, "MOVES_PAGE": 0.1}
STAGES = ("0005", "0009", "")
PLAIN = [Kill("profile_onetoone", "custom_user"), Kill("foreignkey", "profile_onetoone")]
STAGED = [
    Kill(source, "custom_user", STAGES, BATCH, 60) for source in ("profile_onetoone", "foreignkey")
]


def killed_everywhere(databases, kill):
    """Kill it everywhere until it is through; then verify as after any move."""
    it = kill.it
    template = databases.template(kill.source, players=kill.players)
    with databases.copy(template) as name:
        databases.count(name, "before", it.source, Ends(it.source, it.target), "newest")
        order = {"database": name, "world": True, "rule": "newest", "settings": kill.settings}
        order |= {"stages": kill.stages, "ends": [it.source, it.target]}
        settings = it.staged_settings if kill.staged else it.settings
        done = subprocess.run(
            [sys.executable, "tests/killing.py", json.dumps(order)],
            env=variants.environment(it.target, databases.server)
            | {"DJANGO_SETTINGS_MODULE": settings},
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) | {"in the end": databases.what_is_wrong(name, it)}


@pytest.fixture(scope="module")
def told(server):
    databases = Databases(server)
    for kill in PLAIN + STAGED:
        databases.template(kill.source, players=kill.players)
    with ThreadPoolExecutor(2) as pool:
        kills = STAGED + PLAIN
        ran = pool.map(lambda kill: killed_everywhere(databases, kill), kills)
        return dict(zip(kills, ran, strict=True))


@pytest.mark.parametrize("kill", PLAIN + STAGED, ids=str)
def test_a_kill_leaves_what_the_last_migration_left_or_the_last_batch(told, kill):
    assert told[kill]["wrong"] == []
    assert told[kill]["kills"] > 100


@pytest.mark.parametrize("kill", STAGED, ids=str)
def test_from_whatever_a_kill_has_left_half_done_the_move_goes_through(told, kill):
    found = told[kill]["resumed"]
    assert [(name, wrong) for name, wrong in found if wrong] == []
    # several batches, the last of which is done and not recorded; some of what names players
    half_done = Counter(name[:4] for name, _ in found)
    assert half_done["0005"] >= 3
    assert half_done["0006"] >= 3
    assert half_done["0007"] >= 3


@pytest.mark.parametrize("kill", PLAIN + STAGED, ids=str)
def test_after_all_the_kills_the_move_goes_through_and_nothing_is_lost(told, kill):
    assert told[kill]["in the end"] == []
