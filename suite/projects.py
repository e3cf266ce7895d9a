"""Throw-away copies of the variant, to be changed: each a project of its own with a database.

Ask for the fixture `project` (a copy with a migrated database) or `unmigrated` (an empty one).
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg

from suite.evidence import evidence
from suite.nursery import Nursery

nursery = Nursery()

# A line that ends a traceback, or with which manage.py says what went wrong.
EXCEPTION = re.compile(r"^(?:(?:[a-z_]\w*\.)+[A-Z]\w+|[A-Z]\w*Error)\b.*", re.MULTILINE)


MARK = "COMMENT ON DATABASE \"{}\" IS 'extending-user-workbench'"


@dataclass
class Ran:
    """How a command ended: its exit code, and all that it printed."""

    code: int
    printed: str

    @property
    def error(self):
        """The exception that ended it, as Python names it; "" if the command succeeded."""
        if not self.code:
            return ""
        return (EXCEPTION.findall(self.printed) or self.printed.strip().splitlines())[-1]

    @property
    def outcome(self):
        """ "accepted", or the class of that exception."""
        return self.error.split(":")[0].rpartition(".")[2] if self.code else "accepted"


class Project:
    """The copy's folder, whose name is also its database's. The first use makes the database."""

    def __init__(self, folder: Path, template: str):
        self.folder = folder
        self.template = template
        self.has_database = False

    @property
    def database(self):
        return self.folder.name

    def make_database(self):
        """Make the database as the template is, if it is not there yet."""
        if not self.has_database:
            make_database(self.database, self.template)
            self.has_database = True

    def replace(self, file, old, new):
        """Replace a piece of a file, which must be in it."""
        path = self.folder / file
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{file} does not hold {old!r}.")
        path.write_text(text.replace(old, new))
        evidence.add("saw", f"{file}: {old.strip()} -> {new.strip()}")

    def add(self, file, text):
        """Add text to a file's end, or make the file."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as opened:
            opened.write(text)
        evidence.add("saw", f"{file}: + {text.strip()}")

    def declare(self, line):
        """Add a line to the body of the listed class."""
        models = self.folder / "players/models.py"
        imported = "from django.db import models\n"
        models.write_text(models.read_text().replace("from django", f"{imported}from django", 1))
        self.replace("players/models.py", "    class Meta", f"    {line}\n\n    class Meta")

    def install(self, app, models):
        """Add another app with these models."""
        self.add(f"{app}/__init__.py", "")
        self.add(f"{app}/models.py", models)
        self.replace("config/settings.py", '    "players",', f'    "players",\n    "{app}",')

    def manage(self, *arguments, answers=""):
        """Run manage.py; `answers` is what is typed when it asks. Returns how it Ran."""
        if arguments[0] != "check" or "--database" in arguments:
            self.make_database()
        code, printed, errors = nursery.run(self.folder, arguments, answers)
        ran = Ran(code, printed + errors)
        evidence.add("ran", f"manage.py {' '.join(arguments)}")
        evidence.add("error" if ran.code else "saw", ran.error or ran.printed.strip()[-2000:])
        return ran

    def sql(self, query, params=None):
        """Run SQL in the copy's database, committed. Returns the rows, [] if there are none."""
        self.make_database()
        evidence.add("sql", query)
        with psycopg.connect(dbname=self.database, autocommit=True) as server:
            cursor = server.execute(query, params)
            return cursor.fetchall() if cursor.description else []


class Projects:
    """Makes the copies of one variant, and drops what they leave."""

    def __init__(self, source: Path, template: str):
        self.source = source
        self.template = template
        self.made = 0

    def make(self, parent: Path, *, migrated: bool):
        self.made += 1
        folder = parent / f"scratch_{self.source.name}_{self.made}"
        shutil.copytree(self.source, folder, ignore=shutil.ignore_patterns("__pycache__", "static"))
        return Project(folder, self.template if migrated else "template0")

    def drop(self, project):
        if project.has_database:
            drop_database(project.database)
        shutil.rmtree(project.folder)


def make_database(name, template):
    """Make a database as the template is, in place of one that an interrupted run left."""
    drop_database(name)
    on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"', MARK.format(name))


def mark_database(name):
    """Let a database tell whose it is, should the run be killed (docs/decisions/0007)."""
    on_server(MARK.format(name))


def drop_database(name):
    """Drop a database if it exists, whoever is connected."""
    on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def on_server(*statements):
    """Run statements that belong to no database, such as CREATE DATABASE."""
    with psycopg.connect(dbname="postgres", autocommit=True) as server:
        for statement in statements:
            server.execute(statement)
