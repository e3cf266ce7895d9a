"""There, back by the opposite folder, and there again: refused in one sentence, or it works."""

import re

import pytest
from moving import Databases
from sample import for_each, sample, selected

from conftest import Tool
from workbench import paths
from workbench.errors import WorkbenchError
from workbench.move import census, run, verify
from workbench.move.census import Ends
from workbench.server import postgres

PAIRS = [
    ("profile_onetoone", "custom_user"),
    ("foreignkey", "profile_onetoone"),
    ("custom_user", "proxy_model"),
]
SAMPLE = sample(PAIRS, PAIRS[1:2])
REFUSED = "The migrations of an earlier move are still recorded (0003_"


def there_and_back_and_there(databases, tool, source, target):
    """What the refusals say, what is lost in the end, and what is not as it should be."""
    server = databases.server
    with databases.copy(databases.template(source)) as name, postgres.connect(server, name) as it:
        cursor, ends = it.cursor(), Ends(source, target)
        census.count(cursor, "before", source, ends, "newest")
        databases.moving(name, source, target).do(("migrate", {}))
        said = []
        for one, other in ((target, source), (source, target)):
            moving = databases.moving(name, one, other)
            with pytest.raises(WorkbenchError) as refused:
                moving.do(("migrate", {}))
            said.append(str(refused.value))
            databases.forget(name, one)
            moving.do(("migrate", {}))
        census.count(cursor, "again", target, ends, "")
        lost = census.compare(cursor, "before", "again")
        it.execute("DROP SCHEMA census CASCADE")
        checks = verify.verified(server, target, name)
        said.append(tool.complaint("move", "database", name, target, source, "--yes"))
        databases.moving(name, source, target).do(("migrate", {"app": "players", "to": run.START}))
        checks += verify.verified(server, source, name)
    return said, lost, [said for check in checks for said in check.wrong]


@pytest.fixture(scope="module")
def told(request, server):
    databases, tool, pairs = Databases(server), Tool(paths.data()), selected(request, "pair")
    for source, _ in pairs:
        databases.template(source)
    return for_each(pairs, lambda pair: there_and_back_and_there(databases, tool, *pair))


@pytest.mark.parametrize("pair", SAMPLE, ids="_to_".join)
def test_while_an_earlier_move_is_recorded_another_is_refused(told, pair):
    for said in told[pair][0]:
        assert said.startswith(REFUSED)
        assert "run `migrate players --prune` with the settings that the site has now" in said


@pytest.mark.parametrize("pair", SAMPLE, ids="_to_".join)
def test_once_it_is_forgotten_nothing_is_lost_on_the_way_there_back_and_there(told, pair):
    """The opposite move to a profile gives each user a row, and these stay.

    The archive is the second move's own.
    """
    made = re.compile(
        r"profile rows: \d+ is new|users without a profile row|[a-z ]+ in the archive"
    )
    assert [it for it in told[pair][1] if not made.match(it)] == []


@pytest.mark.parametrize("pair", SAMPLE, ids="_to_".join)
def test_it_ends_as_a_fresh_database_of_either_end(told, pair):
    assert told[pair][2] == []
