"""The article's incident: each naive step as today's Django answers it, and the way that works."""

import functools
import shutil
import subprocess
import sys

import pytest
from moving import Databases
from sample import sample

from workbench import variants
from workbench.move import verify
from workbench.move.project import Project
from workbench.paths import PROJECT
from workbench.server import postgres, processes
from workbench.server.databases import drop

FOLDER = PROJECT / "moves" / "the_articles_incident"
USER_COLUMN = "ALTER TABLE person ADD COLUMN user_id integer REFERENCES auth_user"
USERS = """
    INSERT INTO auth_user (id, username, password, first_name, last_name, email, is_superuser,
        is_staff, is_active, date_joined)
    SELECT i, 'player' || i, '', '', '', '', false, false, true, now()
    FROM generate_series(1, 3) AS i
"""
INSPECTED = '''"""As inspectdb wrote it."""

from django.db import models


class Person(models.Model):
    person_id = models.AutoField(primary_key=True)
    {user}birthdate = models.DateField(blank=True, null=True)
    discord_id = models.TextField(blank=True, null=True)
    zoom_id = models.TextField(blank=True, null=True)

    class Meta:
        managed = {managed}
        db_table = "person"
'''
LINKED = '''"""With the article's link: the user as the key."""

from django.db import models


class Person(models.Model):
    user = models.OneToOneField("auth.User", models.CASCADE, primary_key=True)
    birthdate = models.DateField(blank=True, null=True)
    discord_id = models.TextField(blank=True, null=True)
    zoom_id = models.TextField(blank=True, null=True)

    class Meta:
        managed = {managed}
        db_table = "person"
'''


@pytest.fixture(scope="module")
def databases(server):
    return Databases(server)


class Site:
    """A project with nothing but the table: the article's, before the link."""

    def __init__(self, databases, folder):
        self.databases, self.folder, self.name = databases, folder, folder.name

    def models(self, text):
        (self.folder / "players/models.py").write_text(text)

    def manage(self, *arguments, typed=""):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=processes.environment_of(self.folder, self.databases.server)
            | {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
            input=typed,
            capture_output=True,
            text=True,
        )

    def sql(self, statement):
        return self.databases.sql(self.name, statement)


def begun(folder):
    """The folder of a variant, without its app's code and migrations."""
    shutil.copytree(variants.path("profile_onetoone"), folder)
    for path in (folder / "players").glob("[!_]*.py"):
        path.unlink()
    shutil.rmtree(folder / "players/migrations")
    (folder / "players/migrations").mkdir()
    (folder / "players/migrations/__init__.py").touch()
    (folder / "config/urls.py").write_text("urlpatterns = []\n")


@pytest.fixture(scope="module")
def empty(databases, tmp_path_factory):
    """Make the site without rows, once of each kind: whether Django manages it, a user column."""
    folder = tmp_path_factory.mktemp("empty")

    @functools.cache
    def make(managed, with_user):
        made = Site(databases, folder / f"incident_{managed}_{with_user}".lower())
        databases.create(made.name, "template0")
        begun(made.folder)
        user = 'user = models.ForeignKey("auth.User", models.CASCADE, null=True)\n    '
        made.models(INSPECTED.format(managed=managed, user=user if with_user else ""))
        assert made.manage("makemigrations", "players").returncode == 0
        assert made.manage("migrate").returncode == 0
        made.sql(USERS)
        if not managed:
            made.sql((FOLDER / "person.sql").read_text())
            if with_user:
                made.sql(USER_COLUMN)
        return made

    return make


@pytest.fixture
def site(databases, empty, tmp_path):
    """Make the site: whether Django manages the table, its rows, whether it has a user column."""

    def make(managed, rows, with_user):
        its = empty(managed, with_user)
        made = Site(databases, tmp_path / "incident")
        shutil.copytree(its.folder, made.folder)
        databases.create(made.name, its.name)
        columns, values = ("user_id, ", "i, ") if with_user else ("", "")
        made.sql(
            f"INSERT INTO person ({columns}discord_id)"
            f" SELECT {values}'row' || i FROM generate_series(1, {rows}) AS i"
        )
        return made

    yield make
    drop(databases.server, "incident")


READ = (
    "from players.models import Person; print('read', [p.discord_id for p in Person.objects.all()])"
)

# (managed, rows, a user column) -> what the naive steps come to
CASES = {
    (False, 0, False): "no such column",
    (False, 2, False): "no such column",
    (False, 0, True): "nothing migrated, two keys",
    (False, 2, True): "nothing migrated, two keys",
    (True, 0, False): "migrated",
    (True, 1, False): "migrated, to whoever has the id 1",
    (True, 2, False): "refused: not unique",
    (True, 0, True): "migrated",
    (True, 2, True): "migrated",
}


# one for each outcome
SAMPLE = list({outcome: case for case, outcome in CASES.items()}.values())


def what_comes_of_it(site, managed, rows, with_user):
    """Declare the link, make the migration (1 is typed when a default is asked for), migrate."""
    site.models(LINKED.format(managed=managed))
    made = site.manage("makemigrations", "players", typed="1\n1\n1\n1\n")
    assert made.returncode == 0, made.stderr
    migrated = site.manage("migrate")
    if migrated.returncode:
        assert "could not create unique index" in migrated.stderr
        return "refused: not unique"
    read = site.manage("shell", "-v0", "-c", READ)
    if read.returncode:
        assert "column person.user_id does not exist" in read.stderr
        assert "No changes detected" in made.stdout or "managed" in made.stdout
        return "no such column"
    columns = [name for (name,) in site.sql(COLUMNS)]
    if "person_id" in columns:
        return "nothing migrated, two keys"
    assert site.sql("SELECT count(*) FROM person") == [(rows,)]
    if rows and not with_user:
        assert site.sql("SELECT user_id FROM person") == [(1,)]
        return "migrated, to whoever has the id 1"
    return "migrated"


COLUMNS = """
    SELECT attname::text FROM pg_attribute
    WHERE attrelid = 'person'::regclass AND attnum > 0 AND NOT attisdropped
"""


@pytest.mark.parametrize("case", sample(CASES, SAMPLE), ids=str)
def test_what_the_naive_steps_come_to(site, case):
    assert what_comes_of_it(site(*case), *case) == CASES[case]


def test_the_readme_tells_each_case():
    told = (FOLDER / "README.md").read_text()
    for (managed, rows, with_user), outcome in CASES.items():
        cells = ("yes" if managed else "no", rows, "yes" if with_user else "no", outcome)
        assert "| {} | {} | {} | {} |".format(*cells) in told


def test_the_end_that_the_article_came_to_by_hand_takes_a_second_row(site):
    made = site(False, 0, False)
    made.sql("ALTER TABLE person DROP COLUMN person_id")
    made.sql(USER_COLUMN)
    made.models(LINKED.format(managed=False))
    for _ in range(2):
        made.sql("INSERT INTO person (user_id, discord_id) VALUES (2, 'again')")
    assert made.sql("SELECT count(*) FROM person WHERE user_id = 2") == [(2,)]
    assert "no issues" in made.manage("check", "--database", "default").stdout
    assert "No migrations to apply" in made.manage("migrate").stdout
    twice = made.manage(
        "shell", "-v0", "-c", "from players.models import *; Person.objects.get(pk=2)"
    )
    assert "MultipleObjectsReturned" in twice.stderr


@pytest.fixture
def incident(databases):
    """The article's database before the link, with rows, in the lab's own migrations."""
    name = "incident_lab"
    databases.create(name, "template0")
    lab = Project(
        databases.server, "profile_onetoone", name, "moves.the_articles_incident.settings", False
    )
    lab.do(("migrate", {"app": "players", "to": "0002"}))
    databases.sql(name, (FOLDER / "person.sql").read_text())
    databases.sql(name, USERS)
    databases.sql(
        name,
        "INSERT INTO person (person_id, discord_id) VALUES (7, 'player1'), (9, 'player3');"
        "SELECT setval('person_person_id_seq', 9)",
    )
    yield lab
    drop(databases.server, name)


WHOSE = "UPDATE person SET user_id = id FROM auth_user WHERE username = discord_id"
ROWS = "SELECT user_id, discord_id FROM person ORDER BY user_id"


def test_the_way_that_works_keeps_the_rows_and_ends_as_a_fresh_profile(databases, incident):
    incident.do(("migrate", {"app": "players", "to": "0003"}))
    databases.sql(incident.database, WHOSE)
    incident.do(("migrate", {}))
    assert databases.sql(incident.database, ROWS) == [(1, "player1"), (3, "player3")]
    plain = Project(databases.server, "profile_onetoone", incident.database, world=False)
    assert plain.do(("has_nothing_to_migrate", {}))["has_nothing_to_migrate"] == ""
    databases.create("incident_fresh", "template0")
    Project(databases.server, "profile_onetoone", "incident_fresh", world=False).do(("migrate", {}))
    shapes = []
    for name in (incident.database, "incident_fresh"):
        with postgres.connect(databases.server, name) as connection:
            shapes.append(verify.things(connection.cursor()))
    different = verify.differences(*shapes)
    # the old keys wait there for the way back
    assert [it for it in different if not it.startswith("schema archive: ")] == []
    drop(databases.server, "incident_fresh")


def test_the_way_that_works_goes_back_with_each_rows_old_key(databases, incident):
    incident.do(("migrate", {"app": "players", "to": "0003"}))
    databases.sql(incident.database, WHOSE)
    incident.do(("migrate", {}))
    databases.sql(incident.database, "INSERT INTO person (user_id, discord_id) VALUES (2, 'new')")
    incident.do(("migrate", {"app": "players", "to": "0002"}))
    found = databases.sql(
        incident.database, "SELECT person_id, discord_id FROM person ORDER BY person_id"
    )
    assert found == [(7, "player1"), (9, "player3"), (10, "new")]


def test_rows_that_belong_to_nobody_are_refused(databases, incident):
    with pytest.raises(Exception, match="2 rows of person belong to nobody, the first is 7"):
        incident.do(("migrate", {}))
