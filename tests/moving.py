"""Databases for the tests of the moves: loaded once, then copied."""

import itertools
from contextlib import contextmanager

from workbench import postgres
from workbench.move import run
from workbench.move.inside import Project
from workbench.move.moves import move

PLAYERS = 300
# all files of a process share one server: what one has loaded, the next ones copy
LOADED = {}


class Databases:
    """Copies of a loaded database of each variant."""

    def __init__(self, server):
        self.server = server
        self.loaded = LOADED
        self.numbers = itertools.count(1)

    def template(self, variant, *, duplicates=True):
        """The name of a database of the variant with players and the world around them."""
        name = f"loaded_{variant}{'' if duplicates else '_single'}"
        if name not in self.loaded:
            run.make(self.server, name)
            load = ("load", {"players": PLAYERS, "duplicates": duplicates})
            Project(self.server, variant, name).do(("migrate", {}), load)
            self.loaded[name] = True
        return name

    @contextmanager
    def copy(self, template):
        """The name of a copy, for the block."""
        name = f"copy_{next(self.numbers)}"
        self.create(name, template)
        try:
            yield name
        finally:
            run.drop(self.server, name)

    def create(self, name, template):
        run.drop(self.server, name)
        with postgres.connect(self.server, "postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def sql(self, name, statement):
        with postgres.connect(self.server, name) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def moving(self, name, source, target, rule="newest", **more):
        """The move's code on a database."""
        it = move(source, target)
        return Project(self.server, target, name, it.settings, rule=rule, **more)

    def forget(self, name, variant):
        """Run `migrate players --prune` with the variant's own settings."""
        Project(self.server, variant, name).do(("prune", {}))
