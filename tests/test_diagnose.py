"""`workbench diagnose`: each check finds what was planted, and is silent before and after."""

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from planted import (
    BY_DESIGN,
    CASES,
    COLUMNS,
    EDIT_MODEL,
    FILL,
    GUARD,
    NAMES,
    PROJECTS,
    SIGNALS,
    SOME,
    VALUES,
    WALK,
)
from rich.console import Console

from conftest import command, environment
from workbench.compare import results
from workbench.diagnose import code, findings, run
from workbench.diagnose.column import NO_FIELDS, OWN_VIEW, RULES, As, Different
from workbench.diagnose.report import Report, report
from workbench.diagnose.show import show
from workbench.errors import WorkbenchError
from workbench.matrix.environments import environments
from workbench.paths import PROJECT
from workbench.server import databases, postgres
from workbench.variants import VARIANTS


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
                name = r"\{(index )?(\w+)\.(\w+)\}"
                sql(self.server, self.database, re.sub(name, self.named, change))
                continue
            name, old, new = change
            path = self.folder / name
            text = path.read_text() if path.exists() else ""
            assert old in text, (old, text)
            path.write_text(text.replace(old, new, 1) if old else new)

    def named(self, match):
        """Return the name of the foreign key on {table.column}, or of its {index table.column}."""
        index, table, column = match.groups()
        query = """
            SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid
                AND attnum = ANY(conkey)
            WHERE contype = 'f' AND conrelid = %s::regclass AND attname = %s"""
        if index:
            query = """
                SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef ~ (%s || '.$')"""
        with postgres.connect(self.server, self.database) as connection:
            [name] = connection.execute(query, [table, column]).fetchone()
        return name

    def diagnosis(self, **options) -> Report:
        with pytest.MonkeyPatch.context() as patch:
            for key, value in {**self.server, "PGDATABASE": self.database}.items():
                patch.setenv(key, value)
            return report(run.read(self.folder, **{"python": sys.executable, **options}))

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
    project.change(*case.plant)
    [found, *_] = [it for it in project.diagnosis().findings if it.id == case.check]
    project.change(*(case.fix or [found.sql]))
    assert case.check not in project.ids()


def test_each_finding_has_a_case():
    assert {case.check for case in CASES} == set(findings.CATALOG)


def test_each_finding_that_the_file_can_make_is_told():
    texts = [run.SCRIPT.read_text(), Path(code.__file__).read_text()]
    texts.append(Path(findings.__file__).read_text())
    made = {it for it in re.findall(r'"([a-z_]+)"', "".join(texts)) if it in findings.CATALOG}
    made |= {f"{what}_differ_only_in_case" for what in ("usernames", "emails")}
    assert made == set(findings.CATALOG)


def test_each_finding_leads_to_a_question():
    asked = {it["id"] for it in results.load()["questions"]}
    assert {it["question"] for it in findings.CATALOG.values()} - asked == set()


def test_a_finding_is_ignored_by_its_id_or_its_key(live):
    project = live("unique_foreignkey")
    for name in ("unique_foreign_key", "unique_foreign_key:accounts.UserProfile"):
        text = f'[tool.workbench.diagnose]\nignore = ["{name}"]\n'
        (project.folder / "pyproject.toml").write_text(text)
        found = project.diagnosis()
        assert (found.findings, found.ignored) == ([], 1)


def test_an_ignored_finding_that_does_not_exist_is_one_sentence(live):
    project = live("unique_foreignkey")
    project.change(("pyproject.toml", "", '[tool.workbench.diagnose]\nignore = ["uniqe"]\n'))
    with pytest.raises(WorkbenchError, match="ignores uniqe, which is no finding: the ids are"):
        project.diagnosis()


# Approaches, the own column and the moves


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("own_key", ["onetoone_own_key"]),
        ("uuid_keys", ["custom_user", "onetoone_own_key"]),
        ("email_login", ["custom_user"]),
        ("unique_foreignkey", ["unique_foreignkey"]),
        ("several_kinds", ["custom_user", "onetoone", "onetoone", "several_kinds"]),
        ("proxy_called_user", ["proxy_model"]),
        ("profile_elsewhere", ["onetoone_own_key"]),
        ("deleted_child", ["onetoone"]),
    ],
)
def test_the_approaches_are_named_with_file_and_line(live, name, kinds):
    project = live(name)
    found = project.diagnosis(database=False).approaches
    assert [it.name for it in found] == kinds
    for it in found:
        line = (project.folder / it.place.file).read_text().splitlines()[it.place.line - 1]
        assert line.startswith("class ")


@pytest.fixture(scope="module")
def variant(server):
    """Return a function that reads a variant, which is migrated, with demo users."""
    databases.prepare(server, demo=True)

    def read(name, **options):
        with pytest.MonkeyPatch.context() as patch:
            for key, value in server.items():
                patch.setenv(key, value)
            return report(run.read(PROJECT / "variants" / name, python=sys.executable, **options))

    return read


@pytest.mark.parametrize("name", VARIANTS)
def test_the_variants_are_silent_and_answer_as_themselves(variant, name):
    found = variant(name)
    assert (found.findings, found.notes) == ([], [])
    borrowed = [row.id for row in found.column if row.answer not in (As(name), OWN_VIEW)]
    if name == "proxy_model":
        assert {row.answer for row in found.column if row.id in borrowed} == {NO_FIELDS}
    else:
        assert borrowed == ["columns_that_hold_the_extras"]


def test_an_answer_is_not_borrowed_where_a_fact_differs(live):
    def answers(project):
        return {row.id: row.answer for row in project.diagnosis().column}

    project = live("own_key")
    clean = answers(project)
    assert clean["login_waits_for_an_open_edit"] == As("profile_onetoone")
    assert clean["database_holds_two_extras_rows_for_one_user"] == As("profile_onetoone")
    assert clean["deleting_a_user_by_sql"] == As("profile_onetoone")
    assert clean["ways_to_a_user_without_row"] == As("profile_onetoone")
    project.change(
        (SIGNALS, GUARD, "Profile.objects.update_or_create(user=instance)"),
        "ALTER TABLE accounts_profile DROP CONSTRAINT accounts_profile_user_id_key",
        "ALTER TABLE accounts_profile DROP CONSTRAINT {accounts_profile.user_id}",
    )
    planted = answers(project)
    assert planted["login_waits_for_an_open_edit"] == Different(
        "create_profile saves the profile with every save of the user"
    )
    assert planted["database_holds_two_extras_rows_for_one_user"] == Different(
        "the unique index that Django declares is missing"
    )
    assert planted["deleting_a_user_by_sql"] == Different("PostgreSQL has no foreign key")


def test_a_trigger_on_the_user_table_changes_the_answers(live):
    project = live("own_key")
    with postgres.connect(project.server, project.database) as connection:
        connection.execute(
            "CREATE TRIGGER unchanged BEFORE UPDATE ON auth_user FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        )
    answers = {row.id: row.answer for row in project.diagnosis().column}
    different = Different("auth_user has the trigger unchanged")
    assert answers["ways_to_a_user_without_row"] == different
    assert answers["database_requires_a_birthdate_of_every_user"] == different


def test_a_move_says_what_is_in_the_way(live):
    project = live("deleted_child")
    [move] = project.diagnosis().moves
    assert move.to == "custom_user"
    assert any("creates and deletes Member" in it for it in move.in_the_way)
    [move] = live("profile_elsewhere").diagnosis().moves
    assert any("shop.Order.customer" in it and "shop.Wish.customer" in it for it in move.in_the_way)


def test_a_view_on_the_profile_is_in_the_way(live):
    project = live("unique_foreignkey")
    project.change("CREATE VIEW birthdays AS SELECT birthdate FROM accounts_userprofile")
    custom, one_to_one = project.diagnosis().moves
    assert any("accounts_userprofile has view birthdays" in it for it in custom.in_the_way)
    assert (one_to_one.to, one_to_one.in_the_way) == ("profile_onetoone", [])


# Reading only


def test_a_role_that_may_only_select_finds_the_same(live, server):
    project = live("own_key")
    project.change(f"DELETE FROM accounts_profile {SOME}", "DROP ROLE IF EXISTS scratch_reader")
    project.change("CREATE ROLE scratch_reader LOGIN")
    project.change("GRANT SELECT ON ALL TABLES IN SCHEMA public TO scratch_reader")
    whole = project.diagnosis()
    project.server = {**server, "PGUSER": "scratch_reader"}
    read = project.diagnosis()
    project.server = server
    project.change("DROP OWNED BY scratch_reader", "DROP ROLE scratch_reader")
    assert read.read["database"]["user"] == "scratch_reader"
    assert (read.findings, read.notes) == (whole.findings, [])
    assert [it.id for it in read.findings] == ["users_without_profile"]


WRITES = (
    "accounts/apps.py",
    "from accounts import signals  # noqa: F401",
    "from accounts.models import Profile\n\n        Profile.objects.all().delete()",
)


def test_postgresql_refuses_what_a_project_writes_while_it_loads(live):
    project = live("own_key")
    project.change(WRITES)
    with pytest.raises(WorkbenchError, match="cannot execute DELETE in a read-only transaction"):
        project.diagnosis()


def test_postgresql_refuses_to_write_in_a_query_of_the_diagnosis(live):
    project = live("own_key")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import diagnose;"
        "from pathlib import Path; diagnose.load(Path(sys.argv[2]), '');"
        "diagnose.Database('default').rows('DELETE FROM accounts_profile')"
    )
    env = environment(project.folder, **project.server, PGDATABASE=project.database)
    arguments = [str(run.SCRIPT.parent), str(project.folder)]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=env, capture_output=True, text=True
    )
    assert "cannot execute DELETE in a read-only transaction" in done.stderr


def test_no_file_of_the_project_changes(live):
    project = live("own_key")
    before = {it: it.stat().st_mtime_ns for it in project.folder.rglob("*")}
    project.diagnosis()
    assert {it: it.stat().st_mtime_ns for it in project.folder.rglob("*")} == before


class Writer(threading.Thread):
    """Somebody who logs users in all the time, and fails where a lock is in the way."""

    def __init__(self, project):
        super().__init__()
        self.connection = postgres.connect(project.server, project.database)
        self.connection.execute("SET lock_timeout = 50")
        self.go, self.logins, self.error = True, 0, None

    def run(self):
        try:
            while self.go:
                self.connection.execute(
                    "UPDATE auth_user SET last_login = now() WHERE username = %s",
                    [f"user{self.logins % 400 + 1}"],
                )
                self.logins += 1
        except psycopg.Error as error:
            self.error = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.go = False
        self.join()
        self.connection.close()


def test_a_writer_goes_on_meanwhile(live):
    project = live("own_key")
    with Writer(project) as writer:
        project.diagnosis()
    assert writer.error is None
    assert writer.logins > 10


@pytest.mark.exhaustive
def test_a_million_users_take_ten_seconds_and_wait_for_nothing(live):
    project = live("own_key")
    project.change(
        f"INSERT INTO auth_user ({COLUMNS}) SELECT {VALUES} FROM generate_series(401, 1000000) n",
        "INSERT INTO accounts_profile (user_id, phone, city) SELECT id, '', '' FROM auth_user"
        " ON CONFLICT DO NOTHING",
        "UPDATE auth_user SET email = upper(email) WHERE id = 1",
        "VACUUM ANALYZE",
    )
    with Writer(project) as writer:
        found = project.diagnosis()
    assert writer.error is None
    assert found.read["seconds"] < 10
    assert found.notes == []


# What the user can put right is one sentence


def complaint(project, *options):
    """Return what the command says on stderr; the proof that this is one line and code 2."""
    env = environment(project.folder, **project.server, PGDATABASE=project.database)
    arguments = ("diagnose", str(project.folder), "--python", sys.executable, *options)
    done = subprocess.run(command(*arguments), capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout) == (2, ""), done
    [sentence] = done.stderr.splitlines()
    return sentence


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((SIGNALS, "import settings", "import setings"), "The apps cannot be loaded (ImportError"),
        (("settings.py", "import os", "import oss"), "The settings settings cannot be loaded"),
        (("settings.py", "import os", "import os, sys\nsys.exit('no')"), "(SystemExit: no)"),
        (("manage.py", "import os", "import oss"), "manage.py cannot be run (ModuleNotFoundError"),
        (("settings.py", '"NAME": os', '"PORT": 1, "NAME": os'), "cannot be reached"),
        (
            ("settings.py", "Path(__file__).parent.name", '"").replace("scratch", "no_such"'),
            "no_such",
        ),
        ((EDIT_MODEL, "models.Model", "models.Modell"), "AttributeError"),
        (("settings.py", "ROOT_URLCONF", 'AUTH_USER_MODEL = "a.B"\nROOT_URLCONF'), "a.B"),
    ],
    ids=["import", "settings", "exit", "manage", "port", "database", "model", "user"],
)
def test_a_broken_project_is_one_sentence(live, change, said):
    project = live("own_key")
    project.change(change)
    assert said in complaint(project)


def test_wrong_options_are_one_sentence(live):
    project = live("own_key")
    assert "No module named 'nowhere'" in complaint(project, "--settings", "nowhere")
    assert "name the project's Python with --python" in complaint(project, "--python", "/nowhere")
    project.folder = project.folder / "accounts"
    assert complaint(project).startswith("There is no manage.py in ")
    project.folder = project.folder / "nowhere"
    assert "name the folder with your manage.py" in complaint(project)


def test_without_a_database_the_code_is_read_and_the_report_says_so(live):
    project = live("own_key")
    project.change((SIGNALS, "created and not raw", "created"))
    found = project.diagnosis(database=False)
    assert [it.id for it in found.findings] == ["receiver_ignores_raw"]
    assert found.notes == ["Only the code was read, because you asked for that."]
    project.change(("settings.py", "db.backends.postgresql", "db.backends.sqlite3"))
    assert found.notes != (notes := project.diagnosis().notes)
    assert notes == ["Only the code was read, because the database is not PostgreSQL."]


def test_a_database_without_tables_is_said(live, server):
    project = live("own_key")
    project.change("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    found = project.diagnosis()
    assert found.findings == []
    assert found.notes == [
        "Not checked: the database, because it has no table auth_user: run `migrate`, or name the "
        "right settings."
    ]


# The file, the page and the command


def test_the_file_is_short_and_needs_django_alone():
    tree = ast.parse(run.SCRIPT.read_text())
    assert len(run.SCRIPT.read_text().splitlines()) <= 900
    names = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [it.name for it in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert names - set(sys.stdlib_module_names) == {"django"}


def test_the_file_runs_alone(live):
    project = live("own_key")
    env = environment(project.folder, **project.server, PGDATABASE=project.database)
    done = subprocess.run(
        [sys.executable, str(run.SCRIPT), project.folder.name],
        cwd=project.folder.parent,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["read"]["folder"] == str(project.folder)
    assert told["findings"] == []


def test_the_command_prints_and_writes_a_page(live, tmp_path):
    project = live("own_key")
    project.change(f"DELETE FROM accounts_profile {SOME}")
    page = tmp_path / "page.html"
    env = environment(project.folder, **project.server, PGDATABASE=project.database)
    arguments = ("diagnose", str(project.folder), "--python", sys.executable)
    shown, written, machine = (
        subprocess.run(
            command(*arguments, *more), env=env, capture_output=True, text=True, check=True
        )
        for more in ([], ["--html", str(page)], ["--json"])
    )
    assert "users have no row in accounts_profile" in shown.stdout
    assert f"database  {project.database} at " in shown.stdout
    assert written.stdout == f"{page} holds the diagnosis.\n"
    assert "users have no row in accounts_profile" in page.read_text()
    assert not re.search(r"(src|href)=|url\(|@import", page.read_text())
    assert json.loads(machine.stdout)["findings"][0]["id"] == "users_without_profile"


@pytest.mark.parametrize("name", NAMES)
def test_the_other_djangos_find_the_same(live, name):
    """In the environments of `workbench matrix`, as far as they were made."""
    pythons = [it.folder / "bin" / "python" for it in environments()[1:]]
    project = live(name)
    whole = project.diagnosis()
    for python in filter(Path.exists, pythons):
        found = project.diagnosis(python=str(python))
        assert (found.findings, found.notes) == (whole.findings, [])


def test_the_page_shows_what_the_command_prints(live):
    name, changes = WALK
    project = live(name)
    project.change(*changes)
    console = Console(width=400, file=io.StringIO())
    show(console, project.diagnosis())
    printed = " ".join(console.file.getvalue().split())
    page = (PROJECT / "docs" / "your_own_project.md").read_text()
    blocks = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 5
    assert [it for it in blocks if " ".join(it.split()) not in printed] == []


def test_the_own_column_has_the_questions_that_matter_most():
    """Those that @compare marks with top=True."""
    marked = set()
    for path in (PROJECT / "suite" / "questions").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            for decorator in getattr(node, "decorator_list", ()):
                if any(it.arg == "top" for it in getattr(decorator, "keywords", ())):
                    marked.add(node.name.removeprefix("test_"))
    assert marked == set(RULES)
