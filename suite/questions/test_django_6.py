"""Django 6"""

import pickle
import re
import warnings
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.staticfiles import finders
from django.core.checks import run_checks
from django.core.exceptions import ObjectDoesNotExist
from django.db import migrations, models, transaction
from django.db.models.functions import ExtractYear
from django.db.models.signals import post_save, pre_delete
from django.urls import reverse
from players import roster

from suite.adminpages import page, permission, staff_with
from suite.compare import CANNOT, changed_in, compare, since
from suite.conftest import ALICE
from suite.migration_states import migrated
from suite.outcomes import heard, outcome, rows, saw
from suite.questions.test_checks import check
from suite.questions.test_deletion import cascade_in_the_database, link, statements_to_delete
from suite.questions.test_inspectdb import inspectdb
from suite.questions.test_third_party import nested
from suite.variant import (
    PASSWORD,
    PlayerModel,
    User,
    enrolled_many,
    extras_class,
    extras_of,
    path,
    person_class,
)

TABLE = User._meta.db_table
REFERENCE = 'Django 6.1 docs, "Model field reference", section "ForeignKey.on_delete"'
FETCH_MODES = 'Django 6.1 docs, "Fetch modes"'


def release_notes(django, section):
    """Return a source in Django's release notes."""
    return f'Django {django} release notes, section "{section}"'


# --- on_delete in the database


def use_db_cascade(monkeypatch):
    """Migrate the profile's foreign key to on_delete=DB_CASCADE, if the variant has a profile.

    The migration runs in the test's transaction.
    """
    if PlayerModel.__name__ != "Person":
        return
    field = link().clone()
    field.remote_field.on_delete = models.DB_CASCADE
    migrated(migrations.AlterField("person", "user", field))
    monkeypatch.setattr(link().remote_field, "on_delete", models.DB_CASCADE)


def deletes_by_sql(user):
    """Return whether PostgreSQL accepts a DELETE of the user's row."""

    def delete():
        rows(f"DELETE FROM {TABLE} WHERE username = %s", [user.username])
        rows("SET CONSTRAINTS ALL IMMEDIATE")  # else PostgreSQL checks at COMMIT

    return outcome(delete) == "accepted"


def declare_db_cascade(project):
    """Write on_delete=DB_CASCADE into the profile's foreign key, in the copy's models.py."""
    person_class()
    project.replace("players/models.py", "on_delete=models.CASCADE", "on_delete=models.DB_CASCADE")


def declare_guild(project, on_delete):
    """Give the variant's own model a ForeignKey to a model of another app."""
    project.install("guild", GUILD)
    project.declare(f'guild = models.ForeignKey("guild.Guild", models.{on_delete}, null=True)')


GUILD = """
from django.db import models


class Guild(models.Model):
    pass
"""


@since("Django 6.1")
@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    fails=[False],
    so_what=(
        "If other programs delete users by SQL, use DB_CASCADE for the profile (Django 6.1). They "
        "must still delete the user's rows for groups, permissions and admin log first."
    ),
    source=release_notes("6.1", "Database-level delete options for ForeignKey.on_delete"),
)
def test_sql_deletes_a_user_with_db_cascade(monkeypatch, alice):
    """The profile, if any, has on_delete=DB_CASCADE, and the user is in no group. Does PostgreSQL
    accept a SQL DELETE of the user?"""
    use_db_cascade(monkeypatch)
    return deletes_by_sql(alice)


@since("Django 6.1")
@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    fits=[True],
    fails=[False],
    so_what=(
        "DB_CASCADE on a profile does not cover Django's own tables. Before SQL deletes a user, "
        "delete the user's rows for groups, permissions and the admin log."
    ),
    source=release_notes("6.1", "Database-level delete options for ForeignKey.on_delete"),
)
def test_sql_deletes_a_user_in_a_group_with_db_cascade(monkeypatch, alice):
    """A user is in a group. The profile, if any, has on_delete=DB_CASCADE. Does PostgreSQL accept a
    SQL DELETE of the user?"""
    alice.groups.create(name="wizards")
    use_db_cascade(monkeypatch)
    return deletes_by_sql(alice)


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=[],
    custom_user=CANNOT,
    foreignkey=[],
    fits=[[]],
    so_what=(
        "You can switch a profile's relation to DB_CASCADE if the profile has no other relation "
        "with CASCADE, and no other model refers to the profile with CASCADE."
    ),
    source='Django 6.1 docs, "System check framework", section "Related fields"',
)
def test_check_of_db_cascade_on_the_link(monkeypatch):
    """The profile's only relation, to the user, has on_delete=DB_CASCADE. Which errors does check
    report?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.DB_CASCADE)
    return [saw(error).id for error in run_checks(databases=["default"])]


@since("Django 6.1")
@compare(
    proxy_model=["models.E017"],
    profile_onetoone=["models.E050"],
    custom_user=["fields.E323"],
    foreignkey=["models.E050"],
    mark="surprising",
    fails=[["models.E017"], ["models.E050"], ["fields.E323"]],
    so_what=(
        "Change all foreign keys of a profile to DB_CASCADE together. Django rejects a model "
        "whose foreign keys mix CASCADE and DB_CASCADE (models.E050)."
    ),
    source='Django 6.1 docs, "System check framework", models.E050 and fields.E323',
)
def test_check_of_a_db_cascade_key_on_our_model(project):
    """Player, Person or User gets one more ForeignKey, with on_delete=DB_CASCADE. Which errors does
    check report?"""
    declare_guild(project, "DB_CASCADE")
    return check(project)


@since("Django 6.1")
@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    fits=[True],
    fails=[False],
    so_what=(
        "Do not use DB_CASCADE for foreign keys of a custom user (AbstractUser). Its tables for "
        "groups and permissions refer to it with CASCADE, so check reports fields.E323."
    ),
    source='Django 6.1 docs, "System check framework", models.E050 and fields.E323',
)
def test_our_model_may_use_database_level_keys(project):
    """Player, Person or User gets one more ForeignKey. Can all foreign keys of this model have
    on_delete=DB_CASCADE?"""
    if PlayerModel.__name__ == "Person":
        declare_db_cascade(project)
    declare_guild(project, "DB_CASCADE")
    return check(project) == []


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=["fields.E323"],
    custom_user=CANNOT,
    foreignkey=["fields.E323"],
    mark="surprising",
    fails=[["fields.E323"]],
    so_what=(
        "Before you switch a profile to DB_CASCADE, look for models in all apps and packages that "
        "refer to the profile with CASCADE. Switch them in the same release."
    ),
    source='Django 6.1 docs, "System check framework", fields.E323',
)
def test_check_of_another_apps_cascade_key_to_the_profile(project):
    """The profile has on_delete=DB_CASCADE, and another app's model refers to the profile with
    CASCADE. Which errors does check report?"""
    declare_db_cascade(project)
    key = 'member = models.ForeignKey("players.Person", models.CASCADE)'
    project.install("guild", GUILD.replace("pass", key))
    return check(project)


@since("Django 6.1")
@compare(
    proxy_model=["auth.User"],
    profile_onetoone=["auth.User"],
    custom_user=["players.User"],
    foreignkey=["auth.User"],
    mark="surprising",
    so_what=(
        "With DB_CASCADE, Django sends no pre_delete or post_delete for the profile of a deleted "
        "user. Connect such receivers to the user model instead of Person."
    ),
    source=release_notes("6.1", "Database-level delete options for ForeignKey.on_delete"),
)
def test_senders_of_pre_delete_with_db_cascade(monkeypatch, alice):
    """The profile, if any, has on_delete=DB_CASCADE. Which models send pre_delete when
    user.delete() runs?"""
    use_db_cascade(monkeypatch)
    with heard(pre_delete) as senders:
        alice.delete()
    return senders


@since("Django 6.1")
@compare(
    proxy_model={"auth.User": 1},
    profile_onetoone={"auth.User": 1},
    custom_user={"players.User": 1},
    foreignkey={"auth.User": 1},
    so_what=(
        "With DB_CASCADE, delete() does not count the profile rows that PostgreSQL deletes. Do "
        "not use its result as proof that the extra fields are gone."
    ),
    source='Django 6.1 docs, "QuerySet API reference", section "delete()"',
)
def test_what_delete_says_it_deleted_with_db_cascade(monkeypatch, alice):
    """The profile, if any, has on_delete=DB_CASCADE. Which rows does user.delete() report as
    deleted?"""
    use_db_cascade(monkeypatch)
    return alice.delete()[1]


@since("Django 6.1")
@compare(
    proxy_model=4,
    profile_onetoone=4,
    custom_user=4,
    foreignkey=4,
    so_what=(
        "The cost of user.delete() is no reason to avoid a profile. A profile adds one statement "
        "with CASCADE, and none with DB_CASCADE."
    ),
    source=release_notes("6.1", "Database-level delete options for ForeignKey.on_delete"),
)
def test_statements_to_delete_a_user_with_db_cascade(monkeypatch, alice, statements):
    """The profile, if any, has on_delete=DB_CASCADE. How many statements does user.delete() run?"""
    use_db_cascade(monkeypatch)
    return statements_to_delete(alice, statements)


@since("Django 6.1")
@compare(
    proxy_model=5,
    profile_onetoone=5,
    custom_user=5,
    foreignkey=5,
    so_what=(
        "The cost of deleting 100 users is no reason to avoid a profile. A profile adds one "
        "statement with CASCADE, and none with DB_CASCADE."
    ),
    source=release_notes("6.1", "Database-level delete options for ForeignKey.on_delete"),
)
def test_statements_to_delete_a_hundred_users_with_db_cascade(monkeypatch, statements):
    """The profile, if any, has on_delete=DB_CASCADE. How many statements does delete() on a
    queryset of 100 users run?"""
    enrolled_many(100)
    use_db_cascade(monkeypatch)
    statements.clear()
    User.objects.filter(username__startswith="player").delete()
    return len(statements)


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    so_what=(
        "You can switch a profile from CASCADE to DB_CASCADE without a change for staff. The "
        "admin's delete page still lists the profile."
    ),
    source="Django 6.1 source, django.contrib.admin.utils.NestedObjects",
)
def test_admin_delete_page_lists_the_profile_with_db_cascade(monkeypatch, alice):
    """The profile has on_delete=DB_CASCADE. Does the admin's page that deletes a user list the
    profile?"""
    name = str(person_class()._meta.verbose_name_plural)
    use_db_cascade(monkeypatch)
    client = staff_with(permission("delete", User), permission("delete", person_class()))
    shown = client.get(page("delete", alice.pk, model=User))
    return name in dict(saw(list(shown.context["model_count"])))


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=["DROP CONSTRAINT", "ADD CONSTRAINT", "ON DELETE CASCADE"],
    custom_user=CANNOT,
    foreignkey=["DROP CONSTRAINT", "ADD CONSTRAINT", "ON DELETE CASCADE"],
    so_what=(
        "A migration from CASCADE to DB_CASCADE drops the foreign key and creates it again, which "
        "locks the user table and the profile table. Run it when few users log in."
    ),
    source=release_notes("6.1", "Database-level delete options for ForeignKey.on_delete"),
)
def test_statements_of_the_migration_to_db_cascade(project):
    """What does the migration from on_delete=CASCADE to DB_CASCADE do to the profile's foreign
    key?"""
    declare_db_cascade(project)
    assert project.manage("makemigrations", "players", "--name", "db_cascade").code == 0
    ran = project.manage("sqlmigrate", "players", "0003_db_cascade")
    return re.findall(r"(?:ADD|DROP) CONSTRAINT|ON DELETE CASCADE", ran.printed)


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=["auth_user", "person"],
    custom_user=CANNOT,
    foreignkey=["auth_user", "person"],
    mark="surprising",
    so_what=(
        "Set lock_timeout before a migration to DB_CASCADE. Until the migration commits, no other "
        "transaction can read the user table, so each login waits."
    ),
    source="PostgreSQL 18 docs, ALTER TABLE, DROP CONSTRAINT and ADD FOREIGN KEY",
)
def test_tables_locked_by_the_migration_to_db_cascade(monkeypatch, alice):
    """A migration changes the profile's CASCADE to DB_CASCADE. Which tables can no other
    transaction read until the migration commits?"""
    person_class()
    use_db_cascade(monkeypatch)
    locked = rows("""
        SELECT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation
        WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND relkind = 'r'
        ORDER BY relname
    """)
    return [saw(name) for (name,) in locked]


@changed_in(
    "Django 6.1",
    why="inspectdb reads ON DELETE from the database (Django 6.1 release notes).",
    so_what=(
        "Since Django 6.1, inspectdb writes the on_delete that PostgreSQL applies, so you can keep "
        "it."
    ),
    profile_onetoone="DB_CASCADE",
    foreignkey="DB_CASCADE",
)
@compare(
    proxy_model=CANNOT,
    profile_onetoone="DO_NOTHING",
    custom_user=CANNOT,
    foreignkey="DO_NOTHING",
    so_what=(
        "Before Django 6.1, inspectdb always writes DO_NOTHING. Keep it if PostgreSQL has ON "
        "DELETE CASCADE, because PostgreSQL then deletes the profile."
    ),
    source=release_notes("6.1", "Database backend API"),
)
def test_inspectdb_of_a_link_with_on_delete_cascade():
    """The profile's foreign key has ON DELETE CASCADE in PostgreSQL. Which on_delete does inspectdb
    write?"""
    cascade_in_the_database()
    return re.search(r"models\.(DO_NOTHING|DB_\w+)", inspectdb(PlayerModel))[1]


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=["fields.E007"],
    custom_user=CANNOT,
    foreignkey=[],
    so_what=(
        "To let a profile outlive its user, give the profile its own primary key. A OneToOneField "
        "that is the primary key cannot be NULL."
    ),
    source=REFERENCE,
)
def test_check_of_db_set_null_on_a_nullable_link(monkeypatch):
    """The profile's relation to the user has on_delete=DB_SET_NULL and null=True. Which errors does
    check report?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.DB_SET_NULL)
    monkeypatch.setattr(link(), "null", True)
    return [saw(error).id for error in run_checks(databases=["default"])]


# --- fetch modes

# how to read a user's birthdate in the most obvious way, as the attributes of a user
BIRTHDATE = {
    "person": "person.birthdate",
    "person_set": "person_set.first().birthdate",
}.get(next((name for name in ("person", "person_set") if hasattr(User, name)), ""), "birthdate")


def with_peers(manager):
    """Return all objects of a manager, fetched with FETCH_PEERS."""
    return manager.fetch_mode(models.FETCH_PEERS)


def has_row(user):
    """Return whether the user has a profile row."""
    return hasattr(user, "person") if hasattr(User, "person") else bool(user.person_set.first())


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=101,
    mark="surprising",
    fits=[1, 2],
    fails=[101],
    top=True,
    so_what=(
        "From Django 6.1, fetch_mode(FETCH_PEERS) avoids N+1 queries for a OneToOne profile. For "
        "a ForeignKey profile, use prefetch_related() and read user.person_set.all()."
    ),
    source=FETCH_MODES,
)
def test_queries_of_a_naive_list_with_fetch_peers(statements):
    """A loop over 100 users with fetch_mode(FETCH_PEERS) reads each birthdate. How many queries
    run?"""
    enrolled_many(100)
    statements.clear()
    assert all(extras_of(user).birthdate for user in with_peers(User.objects))
    return len(statements)


@since("Django 6.1")
@compare(
    proxy_model=1,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    fits=[1, 2],
    so_what=(
        "For a list of profiles with their usernames, use fetch_mode(FETCH_PEERS) or "
        'select_related("user"). Each avoids N+1 queries, for a OneToOneField and for a '
        "ForeignKey."
    ),
    source=FETCH_MODES,
)
def test_queries_from_profile_to_user_with_fetch_peers(statements):
    """A loop over 100 objects of Player, Person or User with FETCH_PEERS reads each username. How
    many queries run?"""
    enrolled_many(100)
    statements.clear()
    for player in with_peers(PlayerModel.objects):
        assert getattr(player, "user", player).username
    return len(statements)


MANAGER = """
from django.contrib.auth.models import UserManager
from django.db import models


class PeersManager(BASE):
    def get_queryset(self):
        return super().get_queryset().fetch_mode(models.FETCH_PEERS)
"""
NAIVE_LIST = """
from datetime import date
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from players import roster
roster.add_many([{"username": f"player{i}", "birthdate": date(2000, 1, 1)} for i in range(100)])
with CaptureQueriesContext(connection) as queries:
    assert all(user.BIRTHDATE for user in get_user_model().objects.all())
print("queries:", len(queries))
"""


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=101,
    custom_user=1,
    foreignkey=101,
    mark="surprising",
    fits=[1],
    fails=[101],
    so_what=(
        "A profile's manager does not build lists of users. For such a list, call "
        "select_related() or fetch_mode(FETCH_PEERS) (OneToOne), or prefetch_related() "
        "(ForeignKey)."
    ),
    source=FETCH_MODES + ', section "Make a fetch mode the default for a model class"',
)
def test_queries_of_a_naive_list_with_a_manager_that_fetches_peers(project):
    """The manager of Player, Person or User sets FETCH_PEERS. A loop over 100 users reads each
    birthdate. How many queries run?"""
    base = "UserManager" if extras_class() is User else "models.Manager"
    project.add("players/managers.py", MANAGER.replace("BASE", base))
    project.replace("players/models.py", "import validators", "import managers, validators")
    project.declare("objects = managers.PeersManager()")
    ran = project.manage("shell", "-c", NAIVE_LIST.replace("BIRTHDATE", BIRTHDATE))
    return int(re.search(r"queries: (\d+)", ran.printed)[1])


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=101,
    custom_user=1,
    foreignkey=101,
    mark="surprising",
    fits=[1],
    fails=[101],
    so_what=(
        "With iterator(), use select_related() for a OneToOne profile, and prefetch_related() "
        "with chunk_size for a ForeignKey. FETCH_PEERS finds no peers there: iterator() builds "
        "one user at a time."
    ),
    source=FETCH_MODES,
)
def test_queries_of_iterator_with_fetch_peers(statements):
    """A loop over iterator() of 100 users with FETCH_PEERS reads each birthdate. How many queries
    run?"""
    enrolled_many(100)
    statements.clear()
    assert all(extras_of(user).birthdate for user in with_peers(User.objects).iterator())
    return len(statements)


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=100,
    custom_user=0,
    foreignkey=100,
    mark="surprising",
    fits=[0],
    fails=[100],
    so_what=(
        "Before you cache a list of users, load the profiles by select_related() (OneToOne) or "
        "prefetch_related() (ForeignKey). Pickling forgets which users FETCH_PEERS fetched "
        "together."
    ),
    source="Django 6.1 source, django.db.models.base.ModelState",
)
def test_queries_of_a_pickled_list_with_fetch_peers(statements):
    """A cache returns 100 pickled users that were fetched with FETCH_PEERS. How many queries does
    reading all birthdates run?"""
    enrolled_many(100)
    users = pickle.loads(pickle.dumps(list(with_peers(User.objects))))
    statements.clear()
    assert all(extras_of(user).birthdate for user in users)
    return len(statements)


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=CANNOT,
    foreignkey=101,
    fits=[2],
    fails=[101],
    so_what=(
        "You can use FETCH_PEERS even if some users have no OneToOne profile: they cost no extra "
        "query. For a ForeignKey profile, use prefetch_related()."
    ),
    source=FETCH_MODES,
)
def test_queries_with_fetch_peers_if_half_have_no_row(statements):
    """50 of 100 users have no profile. A loop with FETCH_PEERS checks whether each user has one.
    How many queries run?"""
    person_class()
    enrolled_many(50)
    User.objects.bulk_create(User(username=f"guest{i}") for i in range(50))
    statements.clear()
    with_row = [has_row(user) for user in with_peers(User.objects)]
    assert with_row.count(True) == 50
    return len(statements)


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    so_what=(
        "If you use defer(), add fetch_mode(FETCH_PEERS). Reading a deferred field then costs one "
        "more query for the whole list, not one for each row."
    ),
    source=FETCH_MODES,
)
def test_queries_to_read_a_deferred_birthdate_with_fetch_peers(statements):
    """A loop over 100 objects of Person or User, with defer("birthdate") and FETCH_PEERS, reads
    each birthdate. How many queries run?"""
    enrolled_many(100)
    statements.clear()
    assert all(row.birthdate for row in with_peers(extras_class().objects.defer("birthdate")))
    return len(statements)


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone="FieldFetchBlocked",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "From Django 6.1, set fetch_mode(FETCH_RAISE) on a queryset to find N+1 with a OneToOne "
        "profile. It does not notice queries of person_set, so count those."
    ),
    source=FETCH_MODES,
)
def test_naive_list_with_fetch_raise():
    """What happens if a loop over users with fetch_mode(FETCH_RAISE) reads each birthdate?"""
    enrolled_many(2)
    users = User.objects.fetch_mode(models.FETCH_RAISE)
    extras_class()
    return outcome(lambda: [extras_of(user).birthdate for user in users])


@since("Django 6.1")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=101,
    fits=[1, 2],
    fails=[101],
    so_what=(
        "In a DRF view, fetch_mode(FETCH_PEERS) on the queryset avoids N+1 queries for a OneToOne "
        "profile. A ForeignKey profile needs prefetch_related()."
    ),
    source=FETCH_MODES,
)
def test_drf_list_of_a_hundred_with_fetch_peers(statements):
    """A DRF serializer lists 100 users and birthdates from a queryset with FETCH_PEERS. How many
    queries run?"""
    enrolled_many(100)
    statements.clear()
    listed = nested(read_only=True)(with_peers(User.objects), many=True).data
    assert len(listed) == 100
    assert "birthdate" in repr(listed)
    return len(statements)


@changed_in(
    "Django 6.1",
    why="in_bulk() may follow values() and values_list() (Django 6.1 release notes).",
    so_what=(
        "Since Django 6.1, in_bulk() after values() returns a dictionary of plain rows by primary "
        "key."
    ),
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
)
@compare(
    proxy_model=CANNOT,
    profile_onetoone="TypeError",
    custom_user="TypeError",
    foreignkey="TypeError",
    so_what=(
        "Before Django 6.1, in_bulk() refuses values(). Build the dictionary yourself, or call "
        "in_bulk() without values()."
    ),
    source=release_notes("6.1", "Models"),
)
def test_in_bulk_after_values(alice):
    """What happens if you call in_bulk() after values() with the username and the birthdate?"""
    users = User.objects.values("username", path("birthdate"))
    return outcome(lambda: users.in_bulk([alice.pk]))


# --- writing


@changed_in(
    "Django 6.0",
    why="save() refreshes generated fields by RETURNING (Django 6.0 release notes).",
    so_what="Since Django 6.0, you can read a GeneratedField right after save().",
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
)
@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    fits=[True],
    fails=[False],
    so_what=(
        "Before Django 6.0, a GeneratedField keeps its old value in memory after an UPDATE. Call "
        "refresh_from_db()."
    ),
    source=release_notes("6.0", "Models"),
)
def test_generated_field_is_current_after_save(alice):
    """A GeneratedField computes the year of birth. Is it current after you change the birthdate and
    call save()?"""
    year = models.GeneratedField(
        expression=ExtractYear("birthdate"), output_field=models.IntegerField(), db_persist=True
    )
    apps = migrated(migrations.AddField(PlayerModel._meta.model_name, "birth_year", year))
    row = apps.get_model(PlayerModel._meta.label).objects.get(birthdate=ALICE["birthdate"])
    row.birthdate = date(2000, 1, 1)
    row.save()
    return saw(row.birth_year) == 2000


@changed_in(
    "Django 6.0",
    why="save() refreshes expressions by RETURNING (Django 6.0 release notes).",
    so_what="Since Django 6.0, you can read a field that was set to F() right after save().",
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
)
@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    fits=[True],
    fails=[False],
    so_what=(
        "Before Django 6.0, an attribute set to F() still holds the expression after save(). Call "
        "refresh_from_db(), or the next save() applies the expression again."
    ),
    source=release_notes("6.0", "Models"),
)
def test_expression_is_replaced_after_save(alice):
    """In Django 5.2, you set an extra field to F("zoom_id") and call save(). Does the attribute
    then hold the new value?"""
    extra = extras_of(alice)
    extra.discord_id = models.F("zoom_id") if extras_class() else None
    extra.save()
    return saw(extra.discord_id) == ALICE["zoom_id"]


@changed_in(
    "Django 6.0",
    why="save() raises Model.NotUpdated, a DatabaseError, if no row was updated (Django 6.0 "
    "release notes).",
    so_what="Since Django 6.0, catch NotUpdated to tell a deleted row from other database errors.",
    profile_onetoone="NotUpdated",
    custom_user="NotUpdated",
    foreignkey="NotUpdated",
)
@compare(
    proxy_model=CANNOT,
    profile_onetoone="DatabaseError",
    custom_user="DatabaseError",
    foreignkey="DatabaseError",
    so_what=(
        "Before Django 6.0, save(update_fields=...) of a deleted row raises a plain "
        "DatabaseError. Its class does not tell you that the row is gone, so check with exists()."
    ),
    source=release_notes("6.0", "Models"),
)
def test_saving_extra_fields_of_a_deleted_user(alice):
    """Which exception does save(update_fields=["birthdate"]) raise after the user was deleted?"""
    extra = extras_of(alice)
    extras_class()
    User.objects.filter(pk=alice.pk).delete()
    extra.birthdate = date(2000, 1, 1)
    return outcome(lambda: extra.save(update_fields=["birthdate"]))


# --- accounts


@changed_in(
    "Django 6.0",
    why="PBKDF2 takes 1,200,000 iterations instead of 1,000,000 (Django 6.0 release notes).",
    so_what="After the upgrade, each user's first login hashes twice: once to check the old hash, "
    "once to store a new one.",
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
)
@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what=(
        "Let logins renew password hashes: a login replaces a hash if the preferred hasher or its "
        "number of iterations has changed. Within Django 5.2, neither changes."
    ),
    source=release_notes("6.0", "django.contrib.auth"),
)
def test_login_rewrites_a_hash_of_django_5_2(settings, client, alice):
    """A user's PBKDF2 hash was made by Django 5.2. Does the next login replace it with a new
    hash?"""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    hasher = PBKDF2PasswordHasher()
    before = hasher.encode(PASSWORD, hasher.salt(), iterations=1_000_000)
    User.objects.filter(pk=alice.pk).update(password=before)
    assert client.login(username="alice", password=PASSWORD)
    return User.objects.get(pk=alice.pk).password != before


@changed_in(
    "Django 6.1",
    why="migrate renames permissions with their model (ticket 27489).",
    so_what="Since Django 6.1, migrate renames the permissions too, so staff keep their access.",
    proxy_model="change_gamer",
    profile_onetoone="change_gamer",
    custom_user="change_gamer",
    foreignkey="change_gamer",
)
@compare(
    proxy_model="change_player",
    profile_onetoone="change_person",
    custom_user="change_user",
    foreignkey="change_person",
    mark="surprising",
    so_what=(
        "Before Django 6.1, a migration that renames a model should also rename its permissions. "
        "Otherwise migrate adds new permissions, staff keep only the old ones, and lose access."
    ),
    source="Django ticket #27489",
)
def test_permission_after_its_model_was_renamed(project):
    """A migration renames Player, Person or User to Gamer. What is the codename of the old change
    permission afterwards?"""
    name = PlayerModel.__name__
    project.add("players/migrations/0003_rename.py", RENAME.replace("NAME", name))
    query = "SELECT id FROM auth_permission WHERE codename = %s ORDER BY id DESC LIMIT 1"
    [(number,)] = project.sql(query, [f"change_{name.lower()}"])
    assert project.manage("migrate").code == 0
    [(codename,)] = project.sql("SELECT codename FROM auth_permission WHERE id = %s", [number])
    return codename


RENAME = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("players", "0002_unique_username_ignoring_case")]
    operations = [migrations.RenameModel("NAME", "Gamer")]
"""


# --- tasks and pages


def birthdate_is_stored(pk):
    """Return whether the birthdate of the user can be read: what the task does."""
    try:
        return extras_of(User.objects.get(pk=pk)).birthdate == ALICE["birthdate"]
    except (ObjectDoesNotExist, IndexError):
        return False


def result_of_the_task(when):
    """Return what a task got that a receiver of the user's post_save enqueued by when(enqueue)."""
    from django.tasks import task

    results = []

    def receive(instance, created, **kwargs):
        if created:
            pk = instance.pk
            when(lambda: results.append(task(birthdate_is_stored).enqueue(pk)))

    extras_class()
    post_save.connect(receive, sender=User)
    try:
        with transaction.atomic():
            roster.register("zoe", PASSWORD, **ALICE)
    finally:
        post_save.disconnect(receive, sender=User)
    [result] = results
    return saw(result.return_value)


@since("Django 6.0")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[True],
    fails=[False],
    so_what=(
        "Enqueue tasks with transaction.on_commit(), in the transaction that stores user and "
        "profile. When Django sends post_save for the user, the profile is not filled in yet."
    ),
    source='Django 6.0 docs, "Django\'s Tasks framework", section "Transactions"',
)
def test_task_enqueued_in_post_save_sees_the_birthdate(transactional_db):
    """A user registers. A receiver of the user's post_save enqueues a task that runs immediately.
    Can the task read the birthdate?"""
    return result_of_the_task(lambda enqueue: enqueue())


@since("Django 6.0")
@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    fails=[False],
    so_what=(
        "Store user and profile in one transaction, and enqueue tasks with "
        "transaction.on_commit(): a task then starts after both are stored. Outside a "
        "transaction, on_commit() runs its function immediately."
    ),
    source='Django 6.0 docs, "Django\'s Tasks framework", section "Transactions"',
)
def test_task_enqueued_on_commit_sees_the_birthdate(transactional_db):
    """A user registers in one transaction. A receiver of the user's post_save enqueues a task by
    on_commit(). Can the task read the birthdate?"""
    return result_of_the_task(transaction.on_commit)


class Blocked(HTMLParser):
    """Collects what a Content Security Policy must allow so that a page works, besides 'self'."""

    def __init__(self, text):
        super().__init__()
        self.needs, self.styles = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        its = dict(attrs)
        address = its.get("src") or (its.get("href") if tag == "link" else "") or ""
        if re.match("https?:|//", address):
            self.needs.add(address)
        if (tag == "script" and "src" not in its) or any(name.startswith("on") for name in its):
            self.needs.add("script-src 'unsafe-inline'")
        if tag == "style" or "style" in its:
            self.needs.add("style-src 'unsafe-inline'")
        if address.startswith("data:"):
            self.needs.add("img-src data:")
        if tag == "link" and its.get("rel") == "stylesheet":
            self.styles.append(address)


@since("Django 6.0")
@compare(
    proxy_model=["img-src data:"],
    profile_onetoone=["img-src data:"],
    custom_user=["img-src data:"],
    foreignkey=["img-src data:"],
    so_what=(
        "All four variants work with default-src 'self' and img-src 'self' data:. Pico.css draws "
        "its icons as data: images."
    ),
    source='Django 6.0 docs, "Content Security Policy"',
)
def test_what_a_content_security_policy_must_allow(settings, client, alice):
    """A Content Security Policy has default-src 'self'. What else must the policy allow for the
    variant's pages?"""
    middleware = "django.middleware.csp.ContentSecurityPolicyMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, middleware]
    settings.SECURE_CSP = {"default-src": ["'self'"]}
    needs = set()
    for name in ("home", "register", "login", "players", "profile", "delete_account"):
        if name == "profile":
            client.force_login(alice)
        response = client.get(reverse(name))
        assert response.status_code == 200
        assert saw(response.headers["Content-Security-Policy"]) == "default-src 'self'"
        found = Blocked(response.text)
        needs |= found.needs
        for address in found.styles:
            css = Path(finders.find(address.removeprefix(settings.STATIC_URL))).read_text()
            needs |= {"img-src data:"} if re.search(r"url\([\"']?data:image", css) else set()
    return sorted(saw(need) for need in needs)


@changed_in(
    "Django 6.1",
    why="select_related() without arguments is deprecated (Django 6.1 release notes).",
    so_what="Name the relations that select_related() should follow. Run the tests with "
    "python -Wd to find each call.",
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
)
@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what=(
        "Before Django 6.1, nothing warns you that select_related() without arguments skips the "
        "profile. Name the relations that it should follow."
    ),
    source=release_notes("6.1", "Features deprecated in 6.1"),
)
def test_select_related_without_arguments_warns():
    """Does User.objects.select_related() without arguments give a deprecation warning?"""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(User.objects.select_related())
    return any("select_related()" in str(saw(warning.message)) for warning in caught)
