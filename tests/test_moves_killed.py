"""Killed before any statement, a move leaves the database as its last migration did.

A staged move commits as it goes, within the migrations that say so. There a kill leaves what was
committed last: from each such state `migrate` goes on, and comes to what it would have come to.

Of a staged move all statements are tried while somebody serves. Those of the migrations that may
wait, the key and the names, are the plain move's, and are tried there.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from moving import PLAYERS, Databases
from sample import for_each, sample, selected

from workbench.move import moves, run
from workbench.move.census import Ends
from workbench.move.project import Project


@dataclass(frozen=True)
class Kill:
    """A move that is killed on its way to `stages`, and not on that to `rest`.

    first: where it goes before, unkilled; given on the way back.
    """

    source: str
    target: str
    stages: tuple[str, ...] = ("",)
    rest: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict, hash=False)
    players: int = PLAYERS

    @property
    def it(self):
        return moves.move(self.source, self.target)

    @property
    def staged(self):
        return len(self.stages) > 1

    @property
    def end(self):
        """Whose database it is in the end."""
        return self.source if self.first else self.target

    def __str__(self):
        name = self.it.staged_name if self.staged else self.it.name
        return f"{name}, back" if self.first else name


# few, in batches so small that there are several
FEW = {"settings": {"MOVES_BATCH": 25, "MOVES_PAGE": 0.1}, "players": 60}
PAIRS = [("profile_onetoone", "custom_user"), ("foreignkey", "profile_onetoone")]
PLAIN = [Kill(*pair) for pair in PAIRS]
PLAIN_BACK = [Kill(*pair, (run.START[:4],), first=("",)) for pair in PAIRS]
PEOPLE = [("profile_onetoone", "custom_user"), ("foreignkey", "custom_user")]
STAGED = [Kill(*pair, ("0005", "0009"), rest=("",), **FEW) for pair in PEOPLE]
STAGED_BACK = [Kill(*pair, ("0005", run.START[:4]), first=("", "0009"), **FEW) for pair in PEOPLE]
KILLS = STAGED + STAGED_BACK + PLAIN + PLAIN_BACK
# one of those that take least
SAMPLE = [PLAIN_BACK[0]]


def killed_everywhere(databases, kill):
    """Kill it everywhere until it is through; then verify as after any move."""
    it, ends = kill.it, Ends(kill.source, kill.end)
    settings = it.staged_settings if kill.staged else it.settings
    moving = Project(
        databases.server, it.target, "", settings, rule="newest", more=dict(kill.settings)
    )
    with databases.copy(databases.template(kill.source, players=kill.players)) as name:
        databases.count(name, "before", it.source, ends, "newest" if kill.end == it.target else "")
        moving = replace(moving, database=name)
        for to in kill.first:
            moving.do(("migrate", {"app": "players", "to": to} if to else {}))
        process = moving.start(
            "tests.killing",
            "could not be killed",
            stages=kill.stages,
            rest=kill.rest,
            back=bool(kill.first),
            ends=[ends.source, ends.target],
        )
        told = process.hear()
        process.finish()
        if kill.first:
            # killed after its last migration, it leaves a content type (moves/README.md)
            Project(databases.server, it.source, name).do(("remove_stale", {}))
        return told | {"in the end": databases.what_is_wrong(name, ends)}


@pytest.fixture(scope="module")
def told(request, server):
    databases, kills = Databases(server), selected(request, "kill")
    for kill in kills:
        databases.template(kill.source, players=kill.players)
    return for_each(kills, lambda kill: killed_everywhere(databases, kill))


@pytest.mark.parametrize("kill", sample(KILLS, SAMPLE), ids=str)
def test_a_kill_leaves_what_the_last_migration_left_or_the_last_batch(told, kill):
    assert told[kill]["wrong"] == []
    assert told[kill]["kills"] > 60


@pytest.mark.parametrize("kill", sample(STAGED + STAGED_BACK, []), ids=str)
def test_from_whatever_a_kill_has_left_half_done_the_move_goes_through(told, kill):
    found = told[kill]["resumed"]
    assert [(name, wrong) for name, wrong in found if wrong] == []
    # several batches, the last of which is done and not recorded; some of what names players
    half_done = Counter(name[:4] for name, _ in found)
    for migration in ("0008", "0006") if kill.first else ("0005", "0006", "0007"):
        assert half_done[migration] >= 3


@pytest.mark.parametrize("kill", sample(KILLS, SAMPLE), ids=str)
def test_after_all_the_kills_the_move_goes_through_and_nothing_is_lost(told, kill):
    assert told[kill]["in the end"] == []
