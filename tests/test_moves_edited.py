"""While a staged move writes rows of other apps anew, staff edit them: no error, nothing lost."""

from contextlib import contextmanager

import pytest
from moving import Databases
from sample import for_each, sample, selected

from workbench.move import moves, run
from workbench.move.census import Ends
from workbench.move.project import Project, beside
from workbench.server import processes

PLAYERS = 3_000
# so small that many batches come between two edits
BATCH = {"MOVES_BATCH": 20}
# the one translates keys; in the other two content types mean the same rows
SOURCES = sample(["foreignkey", "proxy_model"], ["proxy_model"])
# what each row names, without what the editors write
NAMED = """
    SELECT fact, who, CASE fact
        WHEN 'log entries' THEN concat_ws('|', split_part(line, '|', 1), split_part(line, '|', 3),
            split_part(line, '|', 6), split_part(line, '|', 7))
        ELSE concat_ws('|', split_part(line, '|', 1), split_part(line, '|', 3),
            split_part(line, '|', 4)) END
    FROM census.{name} WHERE fact IN ('log entries', 'generic relations') ORDER BY 1, 2, 3
"""


@contextmanager
def editors(code, told):
    """Staff edit with that code for the block; what came of it goes into `told`."""
    process = code.start("tests.editing", "had editors who failed")
    try:
        process.hear()
        yield
        process.close()
        told.append(process.hear())
    finally:
        processes.end([process])


def there_and_back(databases, source):
    """What the editors did on each way, which rows have not what they wrote, and the census."""
    it, server = moves.move(source, "custom_user"), databases.server
    with databases.copy(databases.template(source, players=PLAYERS)) as name:
        moving = Project(server, it.target, name, it.staged_settings, rule="newest", more=BATCH)
        went, told = Ends(it.source, it.target), {"edits": [], "unlike": [], "named": []}

        def migrate(to):
            moving.do(("migrate", {"app": "players", "to": to}))

        def look(written, variant):
            databases.count(name, written, variant, went, "newest")
            told["named"].append(databases.sql(name, NAMED.format(name=written)))
            told["unlike"] += unlike(databases, name, told["edits"])

        look("before", source)
        migrate(it.stages.both)
        with beside(server, it, name) as new:
            with editors(new, told["edits"]):
                migrate(it.stages.alone)
            moving.do(("migrate", {}))
            look("after", it.target)
            migrate(it.stages.alone)
            with editors(new, told["edits"]):
                migrate(it.stages.both)
        with editors(Project(server, source, name), told["edits"]):
            migrate(run.START)
        look("again", source)
    return told


COLUMNS = {"world_note": "text", "django_admin_log": "change_message"}


def unlike(databases, name, edits):
    """The rows that have not what was written into them last."""
    wrote = {table: {} for table in COLUMNS}
    for table, texts in ((it, texts) for told in edits for it, texts in told["wrote"].items()):
        wrote[table] |= texts
    return [
        f"{table} {key}"
        for table, column in COLUMNS.items()
        for key, text in databases.sql(name, f"SELECT id::text, {column} FROM {table}")
        if wrote[table].get(key, text) != text
    ]


@pytest.fixture(scope="module")
def told(request, server):
    databases, sources = Databases(server), selected(request, "source")
    for source in sources:
        databases.template(source, players=PLAYERS)
    return for_each(sources, lambda source: there_and_back(databases, source))


@pytest.mark.parametrize("source", SOURCES)
def test_who_edits_what_names_a_player_meets_no_error(told, source):
    for edits in told[source]["edits"]:
        print(f"{edits['edits']} edits, the longest took {edits['longest']:.2f} s")
        assert edits["errors"] == []
        assert edits["edits"] > 20


@pytest.mark.parametrize("source", SOURCES)
def test_every_edit_is_there_afterwards(told, source):
    assert told[source]["unlike"] == []


@pytest.mark.parametrize("source", SOURCES)
def test_each_row_names_whom_it_named_there_and_back(told, source):
    """Also those that somebody had read before they were written anew, and saved afterwards."""
    before, after, again = told[source]["named"]
    assert len(before) > 200
    assert after == before
    assert again == before
