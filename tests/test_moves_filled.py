"""The rule `fill` on the way back: gaps are gaps again, and whoever said something since is heard.

What the rule has filled in is an older value. Nobody wrote it into the newest record, so on the way
back it is not there. But who has changed their details since has seen it and saved it with them.
"""

import pytest
from moving import Databases
from sample import sample

from workbench.move import run
from workbench.move.moves import move
from workbench.move.project import Project
from workbench.server.databases import drop

TARGETS = ["profile_onetoone", "custom_user", "proxy_model"]
WITH_EXTRAS = ["profile_onetoone", "custom_user"]
# each of these players has an older record, and a newer one with two gaps
OLDER, NEWER = ("1990-01-01", "older", "z1"), (None, "newer", None)
# the player of that number -> what they change after the move
CHANGES = {
    21: {},
    22: {"email": "new@example.org"},
    23: {"discord_id": "changed"},
    24: {"zoom_id": "z2"},
    25: {"zoom_id": None},
    26: {"birthdate": "1990-01-01", "zoom_id": "z1"},
}
TWO_RECORDS = """
    DELETE FROM person WHERE user_id BETWEEN 121 AND 126;
    INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
    SELECT id, '1990-01-01', 'older', 'z1' FROM generate_series(121, 126) AS id;
    INSERT INTO person (user_id, discord_id)
    SELECT id, 'newer' FROM generate_series(121, 126) AS id;
"""
RECORDS = """
    SELECT right(username, 2)::int, birthdate::text, discord_id, zoom_id
    FROM person JOIN auth_user ON auth_user.id = user_id WHERE user_id BETWEEN 121 AND 126
    ORDER BY person_id
"""


@pytest.fixture(scope="module")
def databases(server):
    return Databases(server)


@pytest.fixture(scope="module")
def template(databases):
    """A foreignkey database in which those players have those records."""
    name = "loaded_with_gaps"
    databases.create(name, databases.template("foreignkey"))
    databases.sql(name, TWO_RECORDS)
    yield name
    drop(databases.server, name)


def there_and_back(databases, name, target, rule):
    """{the number of a player: their records, the oldest first}, after the changes in between."""
    moving = databases.moving(name, "foreignkey", target, rule=rule)
    moving.do(("migrate", {}))
    changes = [
        ("change", {"player": f"player{number:07}", "details": details})
        for number, details in CHANGES.items()
        if details
    ]
    Project(databases.server, target, name).do(*changes)
    moving.do(("migrate", {"app": "players", "to": run.START}))
    records = {number: [] for number in CHANGES}
    for number, *record in databases.sql(name, RECORDS):
        records[number].append(tuple(record))
    return records


@pytest.fixture(scope="module", params=sample(WITH_EXTRAS, ["custom_user"]))
def filled(request, databases, template):
    """The records of the players, moved there and back with the rule `fill`."""
    with databases.copy(template) as name:
        records = there_and_back(databases, name, request.param, "fill")
        left = databases.sql(name, "SELECT to_regclass('archive.filled')::text")
        yield records | {"left in the archive": left}


@pytest.mark.parametrize("target", sample(TARGETS, TARGETS[:1]))
def test_there_and_back_every_record_of_every_player_is_as_it_was(databases, template, target):
    """But for those whom the check lets act meanwhile, and what these wrote is there."""
    it = move("foreignkey", target)
    with databases.copy(template) as name:
        there = run.forward(databases.server, it, name, "fill")
        back = run.backward(databases.server, it, name, "fill")
    assert there.wrong == []
    assert back.wrong == []
    assert {"extra fields", "profile rows"} <= {check.name for check in back.checks}


def test_who_has_changed_nothing_has_their_gaps_again(filled):
    assert filled[21] == [OLDER, NEWER]
    assert filled["left in the archive"] == [(None,)]


def test_who_has_changed_something_else_has_their_gaps_again(filled):
    assert filled[22] == [OLDER, NEWER]


def test_a_changed_detail_is_in_the_newest_record_with_all_that_was_shown_beside_it(filled):
    assert filled[23] == [OLDER, ("1990-01-01", "changed", "z1")]


def test_a_detail_that_the_rule_has_filled_and_the_player_has_changed_is_as_they_said(filled):
    assert filled[24] == [OLDER, ("1990-01-01", "newer", "z2")]


def test_what_a_player_has_cleared_stays_cleared(filled):
    assert filled[25] == [OLDER, ("1990-01-01", "newer", None)]


@pytest.mark.parametrize("target", sample(WITH_EXTRAS, ["custom_user"]))
def test_by_the_rule_newest_who_types_the_older_values_again_has_written_them(
    databases, template, target
):
    """They are what the other rule would have filled in."""
    with databases.copy(template) as name:
        records = there_and_back(databases, name, target, "newest")
    assert records[26] == [OLDER, ("1990-01-01", "newer", "z1")]
    assert records[21] == [OLDER, NEWER]
