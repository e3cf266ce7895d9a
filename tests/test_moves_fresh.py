"""A fresh installation through a move's whole history is one of the target's own."""

import pytest
from sample import for_each, sample, selected

from workbench.move import moves, verify
from workbench.move.project import Project
from workbench.server import postgres
from workbench.server.databases import anew, drop

SETTINGS = {it.name: (it.target, it.settings) for it in moves.all_moves()} | {
    it.staged_name: (it.target, it.staged_settings) for it in moves.all_moves() if it.stages
}


@pytest.fixture(scope="module")
def installed(request, server):
    """{folder: how a fresh database made by its migrations differs from the target's own}."""

    def install(name):
        target, settings = SETTINGS[name]
        database = f"fresh_{name}"
        anew(server, database)
        Project(server, target, database, settings).do(("migrate", {}))
        with postgres.connect(server, database) as connection:
            here = verify.things(connection.cursor())
        drop(server, database)
        return verify.differences(here, verify.as_installed(server, target, database))

    return for_each(selected(request, "name"), install, at_once=3)


@pytest.mark.parametrize("name", sample(SETTINGS, list(SETTINGS)[::4]))
def test_a_fresh_installation_through_its_history_is_the_targets_own(installed, name):
    assert installed[name] == []
