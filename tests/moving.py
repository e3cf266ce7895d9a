"""Databases for the tests of the moves: loaded once, then copied."""

import itertools
from contextlib import contextmanager
from dataclasses import dataclass

from moves import catalogs
from workbench.move import census, verify
from workbench.move.census import Ends
from workbench.move.moves import move
from workbench.move.project import Project
from workbench.server import postgres
from workbench.server.databases import anew, drop

PLAYERS = 300
# all files of a process share one server: what one has loaded, the next ones copy
LOADED = {}


@dataclass(frozen=True)
class Faulty(Project):
    """A move's code with one of the faults of tests/faults.py in it."""

    fault: str = ""
    module = "tests.faults"

    def order(self):
        return super().order() | {"fault": self.fault}


class Databases:
    """Copies of a loaded database of each variant."""

    def __init__(self, server):
        self.server = server
        self.loaded = LOADED
        self.numbers = itertools.count(1)

    def template(self, variant, *, duplicates=True, players=PLAYERS):
        """The name of a database of the variant with players and the world around them."""
        name = f"loaded_{variant}_{players}{'' if duplicates else '_single'}"
        if name not in self.loaded:
            anew(self.server, name)
            load = ("load", {"players": players, "duplicates": duplicates})
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
            drop(self.server, name)

    def create(self, name, template):
        drop(self.server, name)
        with postgres.connect(self.server, "postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def sql(self, name, statement):
        with postgres.connect(self.server, name) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def everything(self, name):
        """All columns and a digest of all rows, but for the census."""
        tables = self.sql(name, TABLES)
        return self.sql(name, COLUMNS), [
            self.sql(name, ROWS.format(table=table)) for (table,) in tables
        ]

    def count(self, name, written, variant, ends, rule=""):
        """Write a census of the database down under that name."""
        with postgres.connect(self.server, name) as connection:
            census.count(connection.cursor(), written, variant, ends, rule)

    def what_is_wrong(self, name, it, rule=""):
        """All that is not as it was since the census `before`, or not as in a fresh target.

        it: a move, or the ends of one.
        """
        self.count(name, "after", it.target, Ends(it.source, it.target), rule)
        with postgres.connect(self.server, name) as connection:
            lost = census.compare(connection.cursor(), "before", "after")
        checks = verify.verified(self.server, it.target, name)
        return lost + [said for check in checks for said in check.wrong]

    def facts(self, name):
        """Everything that PostgreSQL keeps beside the rows."""
        with postgres.connect(self.server, name) as connection:
            return catalogs.facts(connection.cursor(), "public")["public"]

    def moving(self, name, source, target, rule="newest", code=Project, settings="", **more):
        """The move's code on a database; settings: another module than the plain move's."""
        settings = settings or move(source, target).settings
        return code(self.server, target, name, settings, rule=rule, **more)

    def forget(self, name, variant):
        """Run `migrate players --prune` with the variant's own settings."""
        Project(self.server, variant, name).do(("prune", {}))


TABLES = """
    SELECT schemaname || '.' || tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'census') ORDER BY 1
"""
COLUMNS = """
    SELECT attrelid::regclass::text, attname::text FROM pg_attribute
    WHERE attrelid > 16384 AND attrelid::regclass::text !~ '^(census|pg_)' ORDER BY 1, 2
"""
ROWS = """
    SELECT '{table}', count(*), sum(hashtextextended(it::text, 0)::numeric) FROM {table} AS it
"""
