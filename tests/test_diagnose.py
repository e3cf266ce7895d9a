"""`workbench diagnose`: each check finds what was planted, and is silent before and after."""

import re
import shutil
import subprocess
import sys

import pytest
from planted import BY_DESIGN, CASES, FILL, NAMES, PROJECTS

from conftest import environment
from workbench.compare import results
from workbench.diagnose import findings, run
from workbench.diagnose.report import Report, report
from workbench.server import databases, postgres


@pytest.fixture(scope="module")
def template(server):
    """Return a function that gives the name of a project's migrated and filled database."""
    made = {}

    def make(name):
        if name not in made:
            made[name] = f"scratch_diagnose_{name}"
            databases.drop(server, made[name])
            with postgres.connect(server, "postgres") as connection:
                databases.create(connection, made[name])
            migrate(PROJECTS / name, server, made[name])
            sql(server, made[name], FILL[name])
        return made[name]

    yield make
    databases.drop(server, *made.values())


def migrate(folder, server, database):
    env = environment(folder, **server, PGDATABASE=database)
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=folder, env=env, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


def sql(server, database, text):
    """Run statements, CREATE INDEX CONCURRENTLY too, each by itself."""
    with postgres.connect(server, database) as connection:
        for statement in filter(None, map(str.strip, text.split(";"))):
            connection.execute(statement)


class Live:
    """A copy of a project, with a database of its own."""

    def __init__(self, name, folder, server, template):
        self.folder, self.server, self.database = folder / name, server, "scratch_diagnosed"
        shutil.copytree(PROJECTS / name, self.folder)
        databases.copy(server, template, self.database)

    def change(self, *changes):
        """Run SQL, or replace a text in a file (file, old, new); a new file has no old text."""
        for change in changes:
            if isinstance(change, str):
                sql(self.server, self.database, change)
                continue
            name, old, new = change
            path = self.folder / name
            text = path.read_text() if path.exists() else ""
            assert old in text, (old, text)
            path.write_text(text.replace(old, new, 1) if old else new)

    def diagnosis(self, **options) -> Report:
        with pytest.MonkeyPatch.context() as patch:
            for key, value in {**self.server, "PGDATABASE": self.database}.items():
                patch.setenv(key, value)
            return report(run.read(self.folder, python=sys.executable, **options))

    def ids(self):
        return [it.id for it in self.diagnosis().findings]


@pytest.fixture
def live(server, template, tmp_path):
    """Return a function that gives a live copy of a project."""
    opened = []

    def make(name):
        opened.append(Live(name, tmp_path.resolve(), server, template(name)))
        return opened[-1]

    yield make
    for it in opened:
        databases.drop(server, it.database)


# Each check


def named(live, match):
    """Return the name of the foreign key on {table.column}, or of its {index table.column}."""
    index, table, column = match.groups()
    query = """
        SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid
            AND attnum = ANY(conkey)
        WHERE contype = 'f' AND conrelid = %s::regclass AND attname = %s"""
    if index:
        query = "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef ~ (%s || '.$')"
    with postgres.connect(live.server, live.database) as connection:
        [name] = connection.execute(query, [table, column]).fetchone()
    return name


@pytest.mark.parametrize("name", NAMES)
def test_a_project_without_faults_is_silent(live, name):
    found = live(name).diagnosis()
    assert [it.id for it in found.findings] == BY_DESIGN.get(name, [])
    assert found.notes == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_found_where_planted_and_silent_after_the_fix(live, case):
    project = live(case.project)
    if case.plant:
        assert case.check not in project.ids()
    for change in case.plant:
        if isinstance(change, str):
            name = r"\{(index )?(\w+)\.(\w+)\}"
            change = re.sub(name, lambda match: named(project, match), change)
        project.change(change)
    [found, *_] = [it for it in project.diagnosis().findings if it.id == case.check]
    project.change(*(case.fix or [found.sql]))
    assert case.check not in project.ids()


def test_each_finding_has_a_case():
    assert {case.check for case in CASES} == set(findings.CATALOG)


def test_each_finding_that_the_file_can_make_is_told():
    text = run.SCRIPT.read_text()
    made = {it for it in re.findall(r'"([a-z_]+)"', text) if it in findings.CATALOG}
    made |= {f"{what}_differ_only_in_case" for what in ("usernames", "emails")}
    assert made == set(findings.CATALOG)


def test_each_finding_leads_to_a_question():
    asked = {it["id"] for it in results.load()["questions"]}
    assert {it["question"] for it in findings.CATALOG.values()} - asked == set()
