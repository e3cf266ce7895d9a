"""Missing extras row"""

import json
import re
import unittest

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import ObjectDoesNotExist
from django.core.management import call_command
from django.core.serializers import serialize
from django.db import IntegrityError, connection, transaction
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader
from django.test import Client, TestCase
from players import roster

from suite.article import article_signal, create_person, receiving, rows_with_extras
from suite.compare import CANNOT, compare, docs
from suite.outcomes import outcome, rows, saw
from suite.sessions import said
from suite.variant import PASSWORD, PlayerModel, User, extras_class, person_class, without_row

TWO_TABLES = PlayerModel.__name__ == "Person"
CUSTOMIZING = "Customizing authentication in Django"


def the_extras(user):
    """The object with the user's extras, as code reads it that thinks there is always one."""
    if not TWO_TABLES:
        return user
    return user.person_set.get() if hasattr(User, "person_set") else user.person


class ListOfBirthdates(UserAdmin):
    list_display = ["username", "birthdate"]

    @admin.display
    def birthdate(self, user):
        return the_extras(user).birthdate


def createsuperuser(username="root", **options):
    call_command("createsuperuser", interactive=False, username=username, email="", **options)


def by_sql(username):
    columns = "username, password, first_name, last_name, email, is_superuser, is_staff, is_active"
    rows(
        f"INSERT INTO {User._meta.db_table} ({columns}, date_joined)"
        " VALUES (%s, '', '', '', '', false, false, true, now())",
        [username],
    )


def by_admin(username):
    """The admin's page to add a user, the fields for the extras left blank."""
    client = Client()
    client.force_login(without_row("staff", is_staff=True, is_superuser=True))
    sent = {"username": username, "password1": PASSWORD, "password2": PASSWORD}
    for prefix in ("person", "person_set"):
        sent |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0"}
    page = f"/admin/{User._meta.app_label}/user/add/"
    answer = client.post(page, {"usable_password": "true", **sent})
    assert answer.status_code == 302


WAYS = {
    "bulk_create": without_row,
    "SQL": by_sql,
    "createsuperuser": createsuperuser,
    "create_user": User.objects.create_user,
    "admin": by_admin,
}


def ways_without_row():
    """Of WAYS those after which the new user has no extras row."""
    found = []
    for way, make in WAYS.items():
        make(f"by_{way}")
        if not rows_with_extras(f"by_{way}"):
            found.append(way)
    return found


def in_sql():
    rows("INSERT INTO person (user_id) SELECT id FROM auth_user EXCEPT SELECT user_id FROM person")


def with_the_orm():
    PlayerModel.objects.bulk_create(
        [PlayerModel(user=user) for user in User.objects.filter(person=None)]
    )


def insert_orphan():
    """Extras of nobody, in SQL: the id 0 is given to no user."""
    rows(f"INSERT INTO {person_class()._meta.db_table} (user_id) VALUES (0)")


def dumped(alice, *, persons_first=False):
    """A fixture of one user with their extras, who is then deleted."""
    objects = [alice, the_extras(alice)] if TWO_TABLES else [alice]
    records = json.loads(serialize("json", objects))
    alice.delete()
    return records[::-1] if persons_first else records


def load(records, folder):
    """manage.py loaddata of these records."""
    fixture = folder / "fixture.json"
    fixture.write_text(json.dumps(records))
    call_command("loaddata", fixture, verbosity=0)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="RelatedObjectDoesNotExist",
    custom_user="None",
    foreignkey="DoesNotExist",
    mark="known",
    so_what="With two rows all code must reckon with one of them; a column is always there.",
    source=docs("Model field reference", "OneToOneField"),
)
def test_reading_extras_that_are_not_there():
    """What does reading the birthdate of a user without an extras row give, as user.person or as
    user.person_set.get()?"""
    bob = without_row()
    try:
        return saw(str(the_extras(bob).birthdate))
    except ObjectDoesNotExist as error:
        return type(saw(error)).__name__


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["DoesNotExist", "AttributeError"],
    custom_user=[],
    foreignkey=["ObjectDoesNotExist"],
    mark="surprising",
    so_what='It is an AttributeError too, so that hasattr(user, "person") works.',
    source=docs("Model field reference", "OneToOneField"),
)
def test_bases_of_the_missing_extras_error():
    """Of which classes is the exception, if any, that says that the extras row is missing?"""
    bob = without_row()
    try:
        the_extras(bob).birthdate  # noqa: B018
    except ObjectDoesNotExist as error:
        return [base.__name__ for base in type(error).__bases__]
    return []


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    so_what="Only a signal or one row reaches what does not go through your own code.",
    source=docs(CUSTOMIZING, "Extending the existing User model"),
)
def test_rows_with_extras_after_createsuperuser():
    """How many extras rows does an administrator made by createsuperuser --noinput have?"""
    createsuperuser()
    return rows_with_extras("root")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["IntegrityError", "TypeError"],
    custom_user=["CommandError", "accepted"],
    foreignkey=["accepted", "TypeError"],
    so_what="REQUIRED_FIELDS are asked for; a signal cannot know what to put there.",
    source=docs(CUSTOMIZING, "Specifying a custom user model") + ", REQUIRED_FIELDS",
)
def test_createsuperuser_where_the_birthdate_is_mandatory(monkeypatch):
    """The birthdate is NOT NULL, and in REQUIRED_FIELDS where it can be: does createsuperuser
    --noinput make an administrator, and does it with --birthdate?"""
    rows(f"ALTER TABLE {PlayerModel._meta.db_table} ALTER birthdate SET NOT NULL")
    if not TWO_TABLES:
        monkeypatch.setattr(User, "REQUIRED_FIELDS", ["email", "birthdate"])
    without = outcome(createsuperuser)
    User.objects.filter(username="root").delete()
    return [without, outcome(lambda: createsuperuser(birthdate="1980-01-01"))]


BEFORE = """
from config.settings import *
AUTH_USER_MODEL = "auth.User"
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "players"]
"""


@compare(
    proxy_model=CANNOT,
    profile_onetoone="0 rows",
    custom_user="InconsistentMigrationHistory",
    foreignkey="0 rows",
    so_what="A profile joins a live project by migrate and a backfill; a custom user does not.",
    source=docs(CUSTOMIZING, "Changing to a custom user model mid-project"),
)
def test_users_from_before_the_players_app(unmigrated):
    """A project with one user adds the players app and migrates: how many extras rows does the
    user have then?"""
    unmigrated.add("config/before.py", BEFORE)
    unmigrated.manage("migrate", "--skip-checks", "--settings=config.before")
    unmigrated.sql(
        "INSERT INTO auth_user VALUES (1, '', NULL, false, 'bob', '', '', '', false, true, now())"
    )
    ran = unmigrated.manage("migrate")
    if ran.code:
        return re.match(r"(?:\w+\.)*(\w+):", ran.error)[1]
    found = unmigrated.sql(f"SELECT birthdate FROM {PlayerModel._meta.db_table}")
    return f"{len(found)} rows"


@compare(
    proxy_model="accepted",
    profile_onetoone="RelatedObjectDoesNotExist",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what="Django saves last_login at each login: who has no row can log in no more.",
    source=docs("Signals", "post_save"),
)
def test_login_without_row_under_the_articles_signal(client):
    """A user without an extras row logs in where the article's signal saves the person at each
    save of the user: what happens?"""
    without_row()
    sent = {"username": "bob", "password": PASSWORD}
    with article_signal():
        return outcome(lambda: client.post("/login/", sent))


@compare(
    proxy_model=302,
    profile_onetoone=302,
    custom_user=302,
    foreignkey=302,
)
def test_login_without_row(client):
    """With which HTTP status does the variant's own login answer a user without an extras row?"""
    without_row()
    return client.post("/login/", {"username": "bob", "password": PASSWORD}).status_code


@compare(
    proxy_model=CANNOT,
    profile_onetoone="-",
    custom_user="-",
    foreignkey="-",
    so_what='The admin shows "-" for any ObjectDoesNotExist: there the gap is not noticed.',
    source="Django 5.2 source, django.contrib.admin.templatetags.admin_list.items_for_result",
)
def test_admin_list_of_users_without_row(rf):
    """What does the admin's list of users show as the birthdate of a user without an extras row,
    if a method of the ModelAdmin reads it as user.person.birthdate does?"""
    request = rf.get("/")
    request.user = without_row("root", is_superuser=True, is_staff=True)
    registered = User if User in admin.site._registry else PlayerModel
    page = ListOfBirthdates(registered, admin.site).changelist_view(request).render().text
    return re.search(r"field-birthdate[^>]*>([^<]*)<", page)[1]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["bulk_create", "SQL"],
    custom_user=[],
    foreignkey=["bulk_create", "SQL", "createsuperuser", "create_user", "admin"],
    so_what="A signal leaves two ways open, code of your own all five; a column leaves none.",
    source=docs("QuerySet API reference", "bulk_create()"),
)
def test_ways_to_a_user_without_row():
    """Which of these ways leave a user without an extras row: bulk_create(), SQL, createsuperuser,
    create_user(), the admin's page to add a user (its extras left blank)?"""
    return ways_without_row()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    mark="surprising",
    so_what="With the user's key both are one row; with a key of its own it is a second one.",
    source=docs("Signals", "post_save"),
)
def test_rows_after_loaddata_under_a_signal(alice, tmp_path):
    """A fixture has a user and then their extras; a signal that does not look at `raw` makes a
    person for each new user: how many extras rows are there after loaddata?"""
    records = dumped(alice)
    with receiving(create_person):
        load(records, tmp_path)
    return rows_with_extras("alice")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what="The foreign key waits for COMMIT; the signal's INSERT finds the key taken.",
    source=docs("Signals", "post_save"),
)
def test_loaddata_with_the_extras_first(alice, tmp_path):
    """The same signal, but the fixture has the extras before the user: does loaddata succeed?"""
    assert rows_with_extras("alice") == 1
    records = dumped(alice, persons_first=True)
    with receiving(create_person):
        return outcome(lambda: load(records, tmp_path))


OWN_KEY = """
ALTER TABLE person DROP CONSTRAINT person_pkey;
ALTER TABLE person ADD id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY;
ALTER TABLE person ADD UNIQUE (user_id);
"""

CREATE_SIGNAL = """
from django.db.models.signals import post_save
def create_always(instance, created, **kwargs):
    if created:
        Person.objects.create(user=instance)
post_save.connect(create_always, sender=User)
"""

BOB = {"username": "bob", "password": "", "date_joined": "2020-01-01T00:00Z"}
EXTRAS = {"birthdate": "2010-05-04"}
USER = {"model": User._meta.label_lower, "pk": 1, "fields": BOB if TWO_TABLES else BOB | EXTRAS}
PERSON = {"model": "players.person", "pk": 7, "fields": {"user": 1, **EXTRAS}}
FIXTURE = [USER, PERSON] if TWO_TABLES else [USER]


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user="accepted",
    foreignkey="accepted",
    so_what="With primary_key=True the same fixture loads: both rows have one key.",
    source=docs("Signals", "post_save"),
)
def test_loaddata_into_a_profile_with_its_own_key(project):
    """The person has an id of its own beside a OneToOneField, and a signal that does not look at
    `raw` makes it: does loaddata of a user and then their extras succeed?"""
    extras_class()
    if TWO_TABLES:
        project.add("players/models.py", CREATE_SIGNAL)
    if hasattr(User, "person"):
        project.replace("players/models.py", ", primary_key=True", "")
        project.sql(OWN_KEY)
    project.add("fixture.json", json.dumps(FIXTURE))
    ran = project.manage("loaddata", "fixture.json")
    return re.search(r"(\w+): Problem installing", ran.printed)[1] if ran.code else "accepted"


@compare(
    proxy_model=["ValueError", "CannotDo"],
    profile_onetoone=["RelatedObjectDoesNotExist", "accepted"],
    custom_user=["accepted", "accepted"],
    foreignkey=["DoesNotExist", "accepted"],
    mark="known",
    so_what="The roster makes the missing row; each other piece of code must think of it.",
    source=docs("Model field reference", "OneToOneField"),
)
def test_editing_extras_that_are_not_there():
    """Does code that sets user.person.birthdate and saves it succeed for a user without an extras
    row, and does the variant's own roster.change()?"""
    bob = without_row()

    def edit():
        extras = the_extras(bob)
        extras.birthdate = "2010-05-04"
        extras.save(update_fields=["birthdate"])

    return [outcome(edit), outcome(lambda: roster.change("bob", birthdate="2010-05-04"))]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[2, 1],
    custom_user=[0, 0],
    foreignkey=[2, 1],
    so_what="The cure costs a query each time, for ever.",
    source=docs("QuerySet API reference", "get_or_create()"),
)
def test_statements_of_get_or_create(statements):
    """How many statements does it take to make sure of the extras row, by get_or_create(user=...)
    where there can be none: if it is missing, and if it is there?"""
    bob = without_row()
    counted = []
    for _ in range(2):
        statements.clear()
        if TWO_TABLES:
            PlayerModel.objects.get_or_create(user=bob)
        counted.append(len(statements))
        assert rows_with_extras("bob") == 1
    return counted


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[1, 2],
    custom_user=[0, 0],
    foreignkey=[1, 2],
    so_what="A backfill is one statement; what makes the next user without a row is the problem.",
    source=docs("QuerySet API reference", "bulk_create()"),
)
def test_statements_of_a_backfill(statements):
    """A thousand users have no extras row: how many statements make them all, in SQL by INSERT ...
    SELECT, and with the ORM by bulk_create()?"""
    counted = []
    for cure in (in_sql, with_the_orm):
        User.objects.bulk_create([User(username=f"{cure.__name__}{i}") for i in range(1000)])
        statements.clear()
        if TWO_TABLES:
            cure()
        counted.append(len(statements))
        assert len(PlayerModel.objects.values("birthdate")) == User.objects.count()
    return counted


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["bob"],
    custom_user=CANNOT,
    foreignkey=["bob"],
    so_what="Where it cannot be asked, there is nothing that could be missing.",
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_finding_users_without_row(alice):
    """Whom does User.objects.filter(person=None) find, of Alice who has an extras row and Bob who
    has none?"""
    without_row("bob")
    return [user.username for user in User.objects.filter(person=None)]


@compare(
    proxy_model=CANNOT,
    profile_onetoone="COMMIT",
    custom_user=CANNOT,
    foreignkey="COMMIT",
    so_what="Django's foreign keys wait for COMMIT: the error comes far from its cause.",
    source="PostgreSQL 18 docs, SET CONSTRAINTS",
)
def test_statement_that_refuses_an_orphan(transactional_db):
    """A row of extras whose user does not exist: at which statement does the database refuse it,
    at the INSERT or at COMMIT?"""
    statement = "INSERT"
    try:
        with transaction.atomic():
            insert_orphan()
            statement = "COMMIT"
    except IntegrityError as error:
        saw(error)
        return statement
    return "none"


@compare(
    proxy_model=CANNOT,
    profile_onetoone="after the test",
    custom_user=CANNOT,
    foreignkey="after the test",
    mark="surprising",
    so_what="TestCase checks constraints when it ends: the test fails, but no line of it.",
    source=docs("Testing tools", "TestCase"),
)
def test_orphan_in_a_testcase():
    """The same INSERT within a django.test.TestCase, which never commits: when does it fail, in
    the test, after it, or never?"""
    person_class()
    ended = []

    class Orphan(TestCase):
        def test(self):
            insert_orphan()
            ended.append(self)

    result = unittest.TestResult()
    unittest.TestSuite([Orphan("test")]).run(result)
    if not result.errors:
        return "never"
    saw(result.errors[0][1].strip().splitlines()[-1])
    return "after the test" if ended else "in the test"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=1,
    foreignkey=0,
    mark="surprising",
    so_what="A migration's model is made from its history: it is not the receiver's sender.",
    source=docs("Migrations", "Historical models"),
)
def test_rows_after_a_data_migration(settings):
    """How many extras rows does a user have whom a data migration (RunPython) has made?"""

    def make_bob(apps, schema_editor):
        apps.get_model(settings.AUTH_USER_MODEL).objects.create(username="bob")

    state = MigrationLoader(connection).project_state()
    with connection.schema_editor() as editor:
        RunPython(make_bob).database_forwards("players", editor, state, state)
    return rows_with_extras("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what="user.person caches that there is none, too; person_set asks each time.",
    source="Django 5.2 source, "
    "django.db.models.fields.related_descriptors.ReverseOneToOneDescriptor",
)
def test_row_made_after_a_look_is_seen():
    """A user object was asked for its birthdate before there was one; then another request stores
    one: does the same object see it?"""
    bob = without_row()
    said(lambda: the_extras(bob).birthdate)
    roster.change("bob", birthdate="2010-05-04")
    seen = said(lambda: the_extras(bob).birthdate)
    return str(seen) == "2010-05-04"


MAKE_PERSON = """
CREATE FUNCTION make_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO person (user_id) VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER make_person AFTER INSERT ON auth_user
FOR EACH ROW EXECUTE FUNCTION make_person()
"""


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    so_what="Only the database reaches every way; but then code must not make the row again.",
    source="PostgreSQL 18 docs, 37.1. Overview of Trigger Behavior",
)
def test_ways_past_a_trigger():
    """A trigger of the database makes the extras row, and no signal: which of the same ways leave
    a user without one?"""
    if TWO_TABLES:
        rows(MAKE_PERSON)
    with receiving(lambda instance, created: None):
        return ways_without_row()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what="get_or_create() makes the receiver harmless; looking at `raw` does too.",
    source=docs("Signals", "post_save"),
)
def test_rows_with_get_or_create_in_the_signal(alice, tmp_path):
    """The fixture with the extras first again, but the signal calls get_or_create(): how many
    extras rows are there after loaddata?"""
    assert rows_with_extras("alice") == 1
    records = dumped(alice, persons_first=True)
    with receiving(lambda user, created: PlayerModel.objects.get_or_create(user=user)):
        load(records, tmp_path)
    return rows_with_extras("alice")
