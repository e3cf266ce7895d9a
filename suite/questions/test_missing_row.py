"""Missing profile row"""

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
from suite.compare import ANYTHING_ELSE, CANNOT, at_least, at_most, code, compare, docs
from suite.outcomes import outcome, rows, saw
from suite.sessions import said
from suite.variant import PASSWORD, PlayerModel, User, extras_class, person_class, without_row

TWO_TABLES = PlayerModel.__name__ == "Person"
CUSTOMIZING = "Customizing authentication in Django"


def the_extras(user):
    """Return the object with the extra fields, as code reads it that expects one to exist."""
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


def superuser_in_autocommit(**options):
    """Return how createsuperuser ended, and after an error whether the account stays."""
    result = said(lambda: createsuperuser(**options))
    deleted, _ = User.objects.filter(username="root").delete()
    if not isinstance(result, Exception):
        return "accepted"
    return f"{type(result).__name__}, {'account stays' if deleted else 'no account'}"


def by_sql(username):
    columns = "username, password, first_name, last_name, email, is_superuser, is_staff, is_active"
    rows(
        f"INSERT INTO {User._meta.db_table} ({columns}, date_joined)"
        " VALUES (%s, '', '', '', '', false, false, true, now())",
        [username],
    )


def by_admin(username):
    """Add a user in the admin and leave the extra fields blank."""
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
    """Return those of WAYS after which the new user has no profile row."""
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
    """Insert a profile row by SQL whose user, with id 0, does not exist."""
    rows(f"INSERT INTO {person_class()._meta.db_table} (user_id) VALUES (0)")


def dumped(alice, *, persons_first=False):
    """Return a fixture of the user and the extra fields, and delete the user."""
    objects = [alice, the_extras(alice)] if TWO_TABLES else [alice]
    records = json.loads(serialize("json", objects))
    alice.delete()
    return records[::-1] if persons_first else records


def load(records, folder):
    """Run loaddata with these records."""
    fixture = folder / "fixture.json"
    fixture.write_text(json.dumps(records))
    call_command("loaddata", fixture, verbosity=0)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="RelatedObjectDoesNotExist",
    custom_user="None",
    foreignkey="DoesNotExist",
    mark="known",
    so_what=(
        "A profile row can be missing, so let your code expect that. A custom user's column "
        "is there and reads as None."
    ),
    source=docs("Model field reference", "OneToOneField"),
    fits=["None"],
    costs=["RelatedObjectDoesNotExist", "DoesNotExist"],
    top=True,
)
def test_reading_extras_that_are_not_there():
    """A user has no profile row. What happens when code reads the user's birthdate?"""
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
    so_what=(
        'With a OneToOne profile, getattr(user, "person", None) returns None for a missing row: '
        "the exception is also an AttributeError. With a ForeignKey, catch Person.DoesNotExist "
        "from person_set.get()."
    ),
    source=docs("Model field reference", "OneToOneField"),
)
def test_bases_of_the_missing_extras_error():
    """Which base classes does the exception have that Django raises for a missing profile row?"""
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
    so_what=(
        "createsuperuser does not run your registration view. Create the profile in a signal "
        "receiver, or put the fields on a custom user."
    ),
    source=docs(CUSTOMIZING, "Extending the existing User model"),
    fits=at_least(1),
    costs=[0],
    top=True,
)
def test_rows_with_extras_after_createsuperuser():
    """createsuperuser --noinput creates a user. How many rows hold this user's extra fields?"""
    createsuperuser()
    return rows_with_extras("root")


@compare(
    proxy_model=CANNOT,
    profile_onetoone={
        "without --birthdate": "IntegrityError, account stays",
        "with --birthdate": "TypeError, no account",
    },
    custom_user={"without --birthdate": "CommandError, no account", "with --birthdate": "accepted"},
    foreignkey={"without --birthdate": "accepted", "with --birthdate": "TypeError, no account"},
    so_what=(
        "If a receiver cannot fill a profile's NOT NULL field, createsuperuser fails, but the "
        "account stays. With a custom user, name the field in REQUIRED_FIELDS."
    ),
    source=docs(CUSTOMIZING, "Specifying a custom user model") + ", REQUIRED_FIELDS",
    fits=[{"without --birthdate": "CommandError, no account", "with --birthdate": "accepted"}],
    costs=[{"without --birthdate": "accepted", "with --birthdate": "TypeError, no account"}],
    fails=ANYTHING_ELSE,
)
def test_createsuperuser_where_the_birthdate_is_mandatory(transactional_db, monkeypatch):
    """The birthdate is NOT NULL. What does createsuperuser --noinput do, without and with the
    option --birthdate?"""
    alter = f"ALTER TABLE {PlayerModel._meta.db_table} ALTER birthdate"
    rows(f"{alter} SET NOT NULL")
    if not TWO_TABLES:
        monkeypatch.setattr(User, "REQUIRED_FIELDS", ["email", "birthdate"])
    try:
        return {
            "without --birthdate": superuser_in_autocommit(),
            "with --birthdate": superuser_in_autocommit(birthdate="1980-01-01"),
        }
    finally:
        rows(f"{alter} DROP NOT NULL")


BEFORE = """
from config.settings import *
AUTH_USER_MODEL = "auth.User"
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "players"]
"""


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted, 0 profile rows",
    custom_user="InconsistentMigrationHistory",
    foreignkey="accepted, 0 profile rows",
    so_what=(
        "You can add a profile to a running project: run migrate, then create the missing rows. A "
        "change to a custom user makes migrate raise InconsistentMigrationHistory."
    ),
    source=docs(CUSTOMIZING, "Changing to a custom user model mid-project"),
    costs=["accepted, 0 profile rows"],
    fails=["InconsistentMigrationHistory"],
    top=True,
)
def test_users_from_before_the_players_app(unmigrated):
    """A running project has one user, in auth_user. You change the project to this approach to add
    the extra fields. What does migrate do?"""
    unmigrated.add("config/before.py", BEFORE)
    unmigrated.manage("migrate", "--skip-checks", "--settings=config.before")
    unmigrated.sql(
        "INSERT INTO auth_user VALUES (1, '', NULL, false, 'bob', '', '', '', false, true, now())"
    )
    ran = unmigrated.manage("migrate")
    if ran.code:
        return re.match(r"(?:\w+\.)*(\w+):", ran.error)[1]
    found = unmigrated.sql(f"SELECT birthdate FROM {PlayerModel._meta.db_table}")
    return f"accepted, {len(found)} profile rows"


@compare(
    proxy_model="accepted",
    profile_onetoone="RelatedObjectDoesNotExist",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "Do not save user.person in a post_save receiver at each save of the user. A login saves "
        "last_login, and fails for a user without a OneToOne profile."
    ),
    source=docs("Signals", "post_save"),
    fits=["accepted"],
    fails=ANYTHING_ELSE,
)
def test_login_without_row_under_the_articles_signal(client):
    """A post_save receiver saves user.person at each save of the user. What happens when a user
    without a profile logs in?"""
    without_row()
    sent = {"username": "bob", "password": PASSWORD}
    with article_signal():
        return outcome(lambda: client.post("/login/", sent))


@compare(
    proxy_model=302,
    profile_onetoone=302,
    custom_user=302,
    foreignkey=302,
    so_what=(
        "A login needs no profile row: 302 means that it succeeded. Let the pages after the login "
        "handle a missing row."
    ),
)
def test_login_without_row(client):
    """A user without a profile logs in on the variant's login page. Which HTTP status does the page
    return?"""
    without_row()
    return client.post("/login/", {"username": "bob", "password": PASSWORD}).status_code


@compare(
    proxy_model=CANNOT,
    profile_onetoone="-",
    custom_user="-",
    foreignkey="-",
    so_what=(
        'The admin shows "-" if a method raises ObjectDoesNotExist. To find users without a '
        "profile, filter for them, because an empty field looks the same."
    ),
    source=code("django.contrib.admin.templatetags.admin_list.items_for_result"),
)
def test_admin_list_of_users_without_row(rf):
    """A user has no profile. A method in list_display reads user.person.birthdate. What does the
    admin's list show?"""
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
    so_what=(
        "Even with a signal receiver, bulk_create() and SQL create no profile. If each user "
        "must have the fields, choose a custom user or a database trigger."
    ),
    source=docs("QuerySet API reference", "bulk_create()"),
    fits=[[]],
    costs=at_most(2),
    fails=ANYTHING_ELSE,
    top=True,
)
def test_ways_to_a_user_without_row():
    """Which of bulk_create(), SQL, createsuperuser, create_user() and the admin leave a user
    without a profile row?"""
    return ways_without_row()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    mark="surprising",
    so_what=(
        "In a receiver that creates profiles, return early if raw is True. Otherwise loaddata can "
        "leave a second row for a user whose ForeignKey profile is in the fixture."
    ),
    source=docs("Signals", "post_save"),
    fits=[1],
    fails=at_least(2),
)
def test_rows_after_loaddata_under_a_signal(alice, tmp_path):
    """A post_save receiver creates profiles and ignores raw. loaddata loads a user and the user's
    profile. How many rows with this user's extra fields exist afterwards?"""
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
    so_what=(
        "In a receiver that creates profiles, return early if raw is True. Otherwise the "
        "receiver's INSERT fails if a fixture lists a OneToOne profile before its user."
    ),
    source=docs("Signals", "post_save"),
    costs=["IntegrityError"],
)
def test_loaddata_with_the_extras_first(alice, tmp_path):
    """A post_save receiver creates profiles and ignores raw. A fixture lists a profile before its
    user. What does loaddata do?"""
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
    so_what=(
        "In a receiver that creates profiles, return early if raw is True. Otherwise the "
        "fixture's OneToOne profile, if it has another id, breaks the unique constraint."
    ),
    source=docs("Signals", "post_save"),
    costs=["IntegrityError"],
)
def test_loaddata_into_a_profile_with_its_own_key(project):
    """A OneToOne profile has its own id, and a post_save receiver that ignores raw creates it. What
    happens if loaddata loads a user and this profile?"""
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
    proxy_model={"directly": "ValueError", "creating a missing row": "CannotDo"},
    profile_onetoone={
        "directly": "RelatedObjectDoesNotExist",
        "creating a missing row": "accepted",
    },
    custom_user={"directly": "accepted", "creating a missing row": "accepted"},
    foreignkey={"directly": "DoesNotExist", "creating a missing row": "accepted"},
    mark="known",
    so_what=(
        "Change a profile through one function that creates a missing row. Code that sets "
        "user.person.birthdate directly raises an exception if the user has no row."
    ),
    source=docs("Model field reference", "OneToOneField"),
    fits=[{"directly": "accepted", "creating a missing row": "accepted"}],
    costs=ANYTHING_ELSE,
    fails=[{"directly": "ValueError", "creating a missing row": "CannotDo"}],
)
def test_editing_extras_that_are_not_there():
    """A user has no profile row. What happens if code sets a birthdate directly, or creates a
    missing row first?"""
    bob = without_row()

    def edit():
        extras = the_extras(bob)
        extras.birthdate = "2010-05-04"
        extras.save(update_fields=["birthdate"])

    create_too = lambda: roster.change("bob", birthdate="2010-05-04")  # noqa: E731
    return {"directly": outcome(edit), "creating a missing row": outcome(create_too)}


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"row is missing": 2, "row exists": 1},
    custom_user={"row is missing": 0, "row exists": 0},
    foreignkey={"row is missing": 2, "row exists": 1},
    so_what=(
        "get_or_create() costs one query even if the profile row exists. Call it where a row can "
        "be missing, or choose a custom user."
    ),
    source=docs("QuerySet API reference", "get_or_create()"),
    fits=[{"row is missing": 0, "row exists": 0}],
    costs=ANYTHING_ELSE,
)
def test_statements_of_get_or_create(statements):
    """Apart from transaction statements, how many statements does get_or_create() run to ensure
    that a user has a profile row?"""
    bob = without_row()
    counted = {}
    for how in ("row is missing", "row exists"):
        statements.clear()
        if TWO_TABLES:
            PlayerModel.objects.get_or_create(user=bob)
        counted[how] = len(statements)
        assert rows_with_extras("bob") == 1
    return counted


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"INSERT ... SELECT": 1, "bulk_create()": 2},
    custom_user={"INSERT ... SELECT": 0, "bulk_create()": 0},
    foreignkey={"INSERT ... SELECT": 1, "bulk_create()": 2},
    so_what=(
        "Create missing profile rows with one INSERT ... SELECT, or with bulk_create(). First stop "
        "the code that creates users without a row."
    ),
    source=docs("QuerySet API reference", "bulk_create()"),
    fits=[{"INSERT ... SELECT": 0, "bulk_create()": 0}],
    costs=ANYTHING_ELSE,
)
def test_statements_of_a_backfill(statements):
    """1,000 users have no profile row. Apart from transaction statements, how many statements does
    it take to create the missing rows?"""
    counted = {}
    for how, cure in {"INSERT ... SELECT": in_sql, "bulk_create()": with_the_orm}.items():
        User.objects.bulk_create([User(username=f"{cure.__name__}{i}") for i in range(1000)])
        statements.clear()
        if TWO_TABLES:
            cure()
        counted[how] = len(statements)
        assert len(PlayerModel.objects.values("birthdate")) == User.objects.count()
    return counted


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["bob"],
    custom_user=CANNOT,
    foreignkey=["bob"],
    so_what=(
        "If profile rows can be missing, run User.objects.filter(person=None) regularly. It finds "
        "the users without a profile row."
    ),
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_finding_users_without_row(alice):
    """User alice has a profile row, and bob has none. Which users does
    User.objects.filter(person=None) find?"""
    without_row("bob")
    return [user.username for user in User.objects.filter(person=None)]


@compare(
    proxy_model=CANNOT,
    profile_onetoone="COMMIT",
    custom_user=CANNOT,
    foreignkey="COMMIT",
    so_what=(
        "PostgreSQL checks Django's foreign keys at COMMIT, so the traceback does not show the "
        "faulty line. To find it, run SET CONSTRAINTS ALL IMMEDIATE at the start of the "
        "transaction."
    ),
    source="PostgreSQL 18 docs, SET CONSTRAINTS",
)
def test_statement_that_refuses_an_orphan(transactional_db):
    """A transaction inserts a profile row for a user that does not exist. At which statement does
    PostgreSQL report the error?"""
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
    profile_onetoone="after the test method",
    custom_user=CANNOT,
    foreignkey="after the test method",
    mark="surprising",
    so_what=(
        "TestCase checks deferred constraints after the test method, so the traceback does not "
        "name the faulty line. To find it, call connection.check_constraints() earlier in the "
        "test."
    ),
    source=docs("Testing tools", "TestCase"),
)
def test_orphan_in_a_testcase():
    """A test in a TestCase inserts a profile row for a user that does not exist. When does the test
    fail?"""
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
    return "after the test method" if ended else "in the test method"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=1,
    foreignkey=0,
    mark="surprising",
    so_what=(
        "Create the profile rows in the data migration too. It uses historical models, for which "
        "Django does not call receivers with sender=User."
    ),
    source=docs("Migrations", "Historical models"),
    fits=at_least(1),
    costs=[0],
)
def test_rows_after_a_data_migration(settings):
    """A data migration (RunPython) creates a user. How many rows hold this user's extra fields?"""

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
    so_what=(
        "A user object keeps its column values, and remembers that a OneToOne profile is missing. "
        "To see another request's changes, call refresh_from_db() or read the user again."
    ),
    source=code("django.db.models.fields.related_descriptors.ReverseOneToOneDescriptor"),
)
def test_row_made_after_a_look_is_seen():
    """Code reads a user's birthdate, which is missing. Another request then stores a birthdate.
    Does the same user object show the new value?"""
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
    so_what=(
        "A database trigger creates a profile row even after bulk_create() or SQL. If you use a "
        "trigger, remove the signal receiver: its INSERT would fail or create a second row."
    ),
    source="PostgreSQL 18 docs, 37.1. Overview of Trigger Behavior",
)
def test_ways_past_a_trigger():
    """A database trigger creates profile rows. Which of bulk_create(), SQL, createsuperuser,
    create_user() and the admin leave a user without a profile row?"""
    if TWO_TABLES:
        rows(MAKE_PERSON)
    with receiving(lambda instance, created: None):
        return ways_without_row()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "In a receiver that creates profiles, return early if raw is True. get_or_create() alone "
        "still allows a second ForeignKey profile if the fixture lists the user first."
    ),
    source=docs("Signals", "post_save"),
)
def test_rows_with_get_or_create_in_the_signal(alice, tmp_path):
    """A post_save receiver calls get_or_create() for the profile. A fixture lists a profile before
    its user. How many rows with this user's extra fields exist after loaddata?"""
    assert rows_with_extras("alice") == 1
    records = dumped(alice, persons_first=True)
    with receiving(lambda user, created: PlayerModel.objects.get_or_create(user=user)):
        load(records, tmp_path)
    return rows_with_extras("alice")
