"""Neighbours of the four

Other ways to extend the user, measured in each variant: a subclass of the user with a table of its
own (multi-table inheritance), a profile with its own key, a profile that is created on the first
read, a field added to Django's class from outside, the smallest custom user, and extra fields in
another database or in one JSON column.
"""

import json
from io import BytesIO

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import User as DjangoUser
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, migrations, models
from django.db.models.signals import post_save
from django.forms import modelform_factory
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import isolate_apps
from PIL import Image

from suite import migration_states
from suite.compare import ANYTHING_ELSE, CANNOT, at_least, compare, docs
from suite.outcomes import heard, outcome, rows, saw, tables
from suite.projects import drop_database, make_database
from suite.variant import (
    PASSWORD,
    PlayerModel,
    User,
    enrolled,
    extras_class,
    path,
    person_class,
    without_row,
)

ADMIN = docs("Customizing authentication in Django", "Custom users and django.contrib.admin")


class Gamer(User):
    """A subclass without proxy = True: multi-table inheritance."""

    discord_tag = models.TextField(default="")

    class Meta:
        app_label = "neighbours"
        db_table = "gamer"


class OwnKey(models.Model):
    user = models.OneToOneField(User, models.CASCADE, related_name="+")

    class Meta:
        app_label = "neighbours"


class UserAsKey(models.Model):
    user = models.OneToOneField(User, models.CASCADE, related_name="+", primary_key=True)

    class Meta:
        app_label = "neighbours"


@pytest.fixture
def gamers():
    """Create the table of Gamer."""
    with connection.schema_editor() as editor:
        editor.create_model(Gamer)


POINTER = "FOREIGN KEY (user_ptr_id) REFERENCES {}(id) DEFERRABLE INITIALLY DEFERRED"
AUTH_USER, PLAYERS_USER = POINTER.format("auth_user"), POINTER.format("players_user")


@compare(
    proxy_model=["PRIMARY KEY (user_ptr_id)", AUTH_USER],
    profile_onetoone=["PRIMARY KEY (user_ptr_id)", AUTH_USER],
    custom_user=["PRIMARY KEY (user_ptr_id)", PLAYERS_USER],
    foreignkey=["PRIMARY KEY (user_ptr_id)", AUTH_USER],
    so_what=(
        "Expect the same joins from multi-table inheritance as from a OneToOne profile. In both, "
        "the primary key of the second table references the user."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_key(gamers):
    """A model Gamer(User) uses multi-table inheritance. Which primary key and foreign key does
    Gamer's own table have?"""
    made = tables()[Gamer._meta.db_table]
    return [key.definition for key in (*made.constraints, *made.foreign_keys)]


@compare(
    proxy_model=["INSERT auth_user", "INSERT gamer"],
    profile_onetoone=["INSERT auth_user", "INSERT gamer"],
    custom_user=["INSERT players_user", "INSERT gamer"],
    foreignkey=["INSERT auth_user", "INSERT gamer"],
    so_what=(
        "Multi-table inheritance needs as many INSERTs as a user plus a profile: one per table. "
        "Do not choose it for fewer writes."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_writes(gamers, statements):
    """Gamer(User) uses multi-table inheritance. Which INSERT statements does Gamer.objects.create()
    run?"""
    statements.clear()
    Gamer.objects.create(username="bob")
    return statements.verbs()


@compare(
    proxy_model=0,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    mark="surprising",
    fits=[0],
    so_what=(
        "save() of a multi-table child model stores the parent's row and the child's row, or "
        "neither. For a user and a profile, use transaction.atomic() yourself."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_multi_table_half_written(transactional_db):
    """Gamer(User) uses multi-table inheritance, and the INSERT into Gamer's own table fails. How
    many users are stored afterwards?"""
    with pytest.raises(Exception, match="gamer"):
        Gamer.objects.create(username="bob")  # there is no table "gamer"
    return User.objects.filter(username="bob").count()


@compare(
    proxy_model="auth.User",
    profile_onetoone="auth.User",
    custom_user="players.User",
    foreignkey="auth.User",
    costs=["auth.User", "players.User"],
    so_what=(
        "With ModelBackend, request.user is an object of the parent model. To read the child's "
        "fields, run another query, or write a backend that returns the child."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_class_at_login(gamers):
    """A model Gamer(User) uses multi-table inheritance. Which class does ModelBackend return at
    login?"""
    Gamer.objects.create(username="bob", password=make_password(PASSWORD))
    return ModelBackend().authenticate(None, "bob", PASSWORD)._meta.label


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    fails=[False],
    so_what=(
        "Do not use save() to add a row of a multi-table child model to an existing user. It "
        "overwrites the username, password and e-mail with the fields' defaults."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_for_an_existing_user(gamers):
    """Gamer(User) has a table of its own. Gamer(user_ptr=user).save() adds a Gamer row to an
    existing user. Is the username kept?"""
    alice = enrolled("alice")
    Gamer(user_ptr=alice).save()
    return saw(User.objects.get(pk=alice.pk).username) == "alice"


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    fits=[True],
    so_what=(
        "To add a row of a multi-table child model to an existing user, call save_base(raw=True). "
        "It writes only the child row, and signal receivers get raw=True."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_for_an_existing_user_raw(gamers):
    """Gamer(User) has a table of its own. Gamer(user_ptr=user).save_base(raw=True) adds a Gamer row
    to an existing user. Is the username kept?"""
    alice = enrolled("alice")
    Gamer(user_ptr=alice).save_base(raw=True)
    return saw(User.objects.get(pk=alice.pk).username) == "alice"


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    fails=[False],
    so_what=(
        "Connect receivers for User to a multi-table child model too, also those of packages. "
        "Saving a child sends no post_save with sender=User."
    ),
    source=docs("Signals", "post_save"),
)
def test_multi_table_signal(gamers):
    """A model Gamer(User) uses multi-table inheritance. Does creating a Gamer call a post_save
    receiver with sender=User?"""
    with heard(post_save, sender=User) as senders:
        Gamer.objects.create(username="bob")
    return bool(senders)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=1,
    foreignkey=0,
    fits=[1],
    costs=[0],
    so_what=(
        "If a receiver creates the profile rows, connect it to a multi-table subclass too. Saving "
        "the subclass does not call receivers with sender=User."
    ),
    source=docs("Signals", "post_save"),
)
def test_multi_table_beside_the_extras(gamers):
    """Gamer(User) uses multi-table inheritance. Gamer.objects.create() creates a user. How many
    rows hold this user's extra fields?"""
    Gamer.objects.create(username="bob")
    made = User.objects.filter(username="bob", **{f"{path('pk')}__isnull": False})
    return made.values(path("birthdate")).count()


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "Give a OneToOne profile its own id if dumpdata is to name the user by a natural key. The "
        "id costs a sequence and a second unique index."
    ),
    source="PostgreSQL 18 docs, 5.5.3. Unique Constraints",
)
def test_own_key_has_one_index_more():
    """A OneToOne profile has its own id, instead of user as primary key. How many more indexes does
    the profile's table have?"""
    with connection.schema_editor() as editor:
        editor.create_model(OwnKey)
        editor.create_model(UserAsKey)
    made = [saw(tables()[it._meta.db_table].indexes) for it in (OwnKey, UserAsKey)]
    return len(made[0]) - len(made[1])


def show_birthdate(request):
    """Show the birthdate, and create a missing profile row first."""
    extras = request.user
    if PlayerModel.__name__ == "Person":
        extras, _ = PlayerModel.objects.get_or_create(user=request.user)
    return HttpResponse(str(extras.birthdate))


def visit(user):
    request = RequestFactory().get("/")
    request.user = user
    return show_birthdate(request)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    fits=[0],
    costs=[1],
    so_what=(
        "A page that creates profile rows on GET needs a writable database. Two requests at once "
        "can both try the INSERT, so keep a unique constraint on the user."
    ),
    source=docs("QuerySet API reference", "get_or_create()"),
)
def test_lazy_profile_writes_on_a_get(statements):
    """A page creates a missing profile row by get_or_create(). How many INSERT and UPDATE
    statements does the first GET run?"""
    bob = without_row()
    statements.clear()
    visit(bob)
    return len(statements.writes())


@compare(
    proxy_model=CANNOT,
    profile_onetoone="InternalError",
    custom_user="accepted",
    foreignkey="InternalError",
    mark="surprising",
    fits=["accepted"],
    fails=["InternalError"],
    so_what=(
        "Do not create profile rows on the first read if pages use read replicas or read-only "
        "transactions. The INSERT fails there."
    ),
    source="PostgreSQL 18 docs, SET TRANSACTION",
)
def test_lazy_profile_on_a_replica():
    """A page creates a missing profile row by get_or_create(). What happens if the page runs in a
    read-only transaction?"""
    PlayerModel._meta.get_field("birthdate")
    bob = without_row()
    return outcome(lambda: (rows("SET TRANSACTION READ ONLY"), visit(bob)))


@compare(
    proxy_model="auth",
    profile_onetoone="auth",
    custom_user="players",
    foreignkey="auth",
    mark="surprising",
    fits=["players"],
    fails=["auth"],
    so_what=(
        "Do not add fields to auth.User with add_to_class(). makemigrations writes the migration "
        "into site-packages, so your repository and the next deployment lack it."
    ),
)
def test_field_added_from_outside(project):
    """models.py calls User.add_to_class("birthplace", ...). Into which app does makemigrations
    write the migration?"""
    project.add(
        "players/models.py",
        "from django.contrib.auth import get_user_model\n"
        "from django.db import models\n"
        'get_user_model().add_to_class("birthplace", models.TextField(null=True))\n',
    )
    ran = project.manage("makemigrations", "--dry-run")
    return ran.printed.split("'")[1]


@compare(
    proxy_model=["is_staff", "has_perm", "has_module_perms"],
    profile_onetoone=["is_staff", "has_perm", "has_module_perms"],
    custom_user=["is_staff", "has_perm", "has_module_perms"],
    foreignkey=["is_staff", "has_perm", "has_module_perms"],
    costs=ANYTHING_ELSE,
    so_what=(
        "If you use the admin, inherit from AbstractUser, or add PermissionsMixin and is_staff to "
        "AbstractBaseUser."
    ),
    source=ADMIN,
)
@isolate_apps()
def test_smallest_custom_user_and_the_admin():
    """A custom user inherits from AbstractBaseUser alone. Which attributes that the admin needs are
    missing?"""

    class Smallest(AbstractBaseUser):
        class Meta:
            app_label = "neighbours"

    asked = ["is_active", "is_staff", "has_perm", "has_module_perms"]
    return [name for name in asked if not hasattr(Smallest, name)]


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    so_what=(
        "Start a new project with an empty subclass of AbstractUser. It has the same fields as "
        "Django's User, and ordinary migrations can add extra fields later."
    ),
    source=docs(
        "Customizing authentication in Django",
        "Using a custom user model when starting a project",
    ),
)
@isolate_apps()
def test_empty_custom_user_differs_from_djangos():
    """A project begins with class User(AbstractUser): pass. Which fields differ from Django's own
    User, apart from the id?"""

    class Plain(AbstractUser):
        class Meta:
            app_label = "neighbours"

    def fields(model):
        its = (*model._meta.local_fields, *model._meta.local_many_to_many)
        return {it.name: saw(type(it).__name__) for it in its if it.name != "id"}

    return sorted(fields(Plain).items() ^ fields(DjangoUser).items())


class Scribe(User):
    """A second kind of user, beside Gamer."""

    class Meta:
        app_label = "neighbours"
        db_table = "scribe"


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    costs=["accepted"],
    so_what=(
        "One user can have rows in several child tables, or in several profile tables. If a user "
        "has exactly one kind, store the kind in one field."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_two_kinds_of_one_user(gamers, scribes):
    """Gamer(User) and Scribe(User) are two child models. What does PostgreSQL do if one user gets a
    row in both?"""
    bob = Gamer.objects.create(username="bob")
    return outcome(lambda: Scribe(user_ptr_id=bob.pk).save_base(raw=True))


@compare(
    proxy_model=2,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    costs=at_least(1),
    so_what=(
        "To tell kinds of users apart, store the kind in one field. A hasattr() check costs a "
        "query for each child table, unless select_related() has joined that table."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_queries_to_tell_two_kinds_apart(gamers, scribes, statements):
    """Gamer(User) and Scribe(User) are child models, and a user is neither. How many queries do
    hasattr(user, "gamer") and hasattr(user, "scribe") run?"""
    alice = User.objects.get(pk=enrolled("alice").pk)
    statements.clear()
    assert not any(hasattr(alice, name) for name in ("gamer", "scribe"))
    return len(statements)


@pytest.fixture
def scribes():
    """Create the table of Scribe."""
    with connection.schema_editor() as editor:
        editor.create_model(Scribe)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["none", "one"],
    custom_user=["one"],
    foreignkey=["none", "one", "two"],
    fits=[["one"]],
    costs=[["none", "one"]],
    fails=ANYTHING_ELSE,
    so_what=(
        "Put a mandatory field kind on a custom user. In a profile, a user without a row has no "
        "kind, and a ForeignKey allows two."
    ),
    source="PostgreSQL 18 docs, 5.5. Constraints",
)
def test_numbers_of_kinds_that_a_field_allows():
    """A mandatory field kind is added beside the extra fields. How many kinds can PostgreSQL store
    for a user?"""
    model = extras_class()
    table, alice = model._meta.db_table, enrolled("alice")
    own = {"user": alice} if hasattr(model, "user") else {"pk": alice.pk}
    model.objects.get_or_create(**own)
    rows(
        f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} ADD kind text DEFAULT 'gamer' NOT NULL"
    )
    rows(f"ALTER TABLE {table} ALTER kind DROP DEFAULT")

    columns = ", ".join(
        field.column for field in model._meta.concrete_fields if field.name != "person_id"
    )
    second = f"INSERT INTO {table} ({columns}, kind) SELECT {columns}, 'scribe' FROM {table}"
    tried = {
        "none": without_row,
        "one": lambda: model.objects.get(**own),
        "two": lambda: rows(second),
    }
    return [number for number, way in tried.items() if outcome(way) == "accepted"]


SECOND = """
DATABASES["second"] = {**DATABASES["default"], "NAME": DATABASES["default"]["NAME"] + "_second"}
DATABASE_ROUTERS = ["config.routers.Router"]
"""
ROUTER = """
class Router:
    def db_for_read(self, model, **hints):
        return "second" if model._meta.app_label == "players" else None

    db_for_write = db_for_read

    def allow_relation(self, one, other, **hints):
        return True

    def allow_migrate(self, db, app_label, **hints):
        return (db == "second") == (app_label == "players")
"""
SPLIT = """
import json
from datetime import date
from django.contrib.auth.models import User
from django.db import DatabaseError, connections
from players.models import Person

with connections["second"].schema_editor() as editor:
    editor.create_model(Person)
bob = User.objects.create_user("bob")
Person.objects.get_or_create(user=bob)

def profile(user):
    return user.person if hasattr(User, "person") else user.person_set.get()

ways = {
    "read the profile": lambda: profile(User.objects.get(username="bob")),
    "filter users by birthdate": lambda: User.objects.filter(person__birthdate=None).count(),
    "delete the user": lambda: bob.delete(),
}
ended = {}
for name, way in ways.items():
    try:
        way()
        ended[name] = "accepted"
    except DatabaseError as error:
        ended[name] = type(error).__name__
print(json.dumps(ended))
"""


@pytest.fixture
def second_database():
    """Return a function that gives a copy of the variant a second, empty database and a router."""
    made = []

    def add(project):
        made.append(f"{project.database}_second")
        make_database(made[0], "template0")
        project.add("config/settings.py", SECOND)
        project.add("config/routers.py", ROUTER)

    yield add
    for name in made:
        drop_database(name)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="ProgrammingError",
    custom_user="ProgrammingError",
    foreignkey="ProgrammingError",
    fails=["ProgrammingError"],
    so_what=(
        "Keep users and extra fields in one database, because a foreign key cannot reference "
        "another database. Otherwise set db_constraint=False on the profile's relation."
    ),
    source=docs("Multiple databases", "Cross-database relations"),
)
def test_migrate_of_extra_fields_in_a_second_database(unmigrated, second_database):
    """A router keeps the app with the extra fields in a second database. What does migrate
    --database second do?"""
    extras_class()
    second_database(unmigrated)
    return unmigrated.manage("migrate", "--database", "second").outcome


SPLIT_ENDS = {
    "read the profile": "accepted",
    "filter users by birthdate": "ProgrammingError",
    "delete the user": "ProgrammingError",
}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=SPLIT_ENDS,
    custom_user=CANNOT,
    foreignkey=SPLIT_ENDS,
    fails=[SPLIT_ENDS],
    so_what=(
        "The ORM cannot join or cascade across two databases. Search profiles and delete them in "
        "code of your own, or keep one database."
    ),
    source=docs("Multiple databases", "Cross-database relations"),
)
def test_use_of_a_profile_in_a_second_database(project, second_database):
    """The profile is in a second database, with db_constraint=False. Which fail: reading the
    profile, filtering users by birthdate, deleting the user?"""
    person_class()
    second_database(project)
    project.sql("DROP TABLE person")
    project.replace("players/models.py", "models.CASCADE", "models.CASCADE, db_constraint=False")
    ran = project.manage("shell", "-v0", "-c", SPLIT)
    assert ran.code == 0
    return json.loads(ran.printed)


def with_field(name, field):
    """Add a field to the model with the extra fields, and create alice's row with it.

    Return alice, and the row. Both are objects of a migration's models.
    """
    label = extras_class()._meta.label
    user = enrolled("alice")
    key = "user_id" if PlayerModel.__name__ == "Person" else "pk"
    apps = migration_states.migrated(migrations.AddField(label.split(".")[1].lower(), name, field))
    row = apps.get_model(label).objects.get(**{key: user.pk})
    return apps.get_model(User._meta.label).objects.get(pk=user.pk), row


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["zoom_id"],
    custom_user=["zoom_id"],
    foreignkey=["zoom_id"],
    mark="surprising",
    costs=[["zoom_id"]],
    so_what=(
        "save() writes the whole JSONField, so the last request wins. Lock the row before you "
        "read it, or use one column per field with update_fields."
    ),
    source=docs("Model field reference", "JSONField"),
)
def test_two_changes_of_one_jsonfield():
    """Two requests read the same JSONField. One then saves a discord_id in it, the other a zoom_id.
    Which keys remain?"""
    _, first = with_field("details", models.JSONField(default=dict))
    second = type(first).objects.get(pk=first.pk)
    first.details["discord_id"] = "100000000000000001"
    first.save(update_fields=["details"])
    second.details["zoom_id"] = "1234567890"
    second.save(update_fields=["details"])
    first.refresh_from_db()
    return sorted(saw(first.details))


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"JSONField": "accepted", "DateField": "ValidationError"},
    custom_user={"JSONField": "accepted", "DateField": "ValidationError"},
    foreignkey={"JSONField": "accepted", "DateField": "ValidationError"},
    costs=ANYTHING_ELSE,
    so_what=(
        "A JSONField does not check that a value is a real date. Use a DateField, or check the "
        "value wherever code writes it."
    ),
    source=docs("Model field reference", "JSONField"),
)
def test_impossible_birthdate_in_a_jsonfield():
    """Code saves the impossible birthdate "2010-02-30". What do a JSONField and a DateField do?"""
    _, row = with_field("details", models.JSONField(default=dict))
    row.details["birthdate"] = "2010-02-30"
    in_json = outcome(row.save)
    row.birthdate = "2010-02-30"
    return {"JSONField": in_json, "DateField": outcome(row.save)}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    mark="surprising",
    costs=at_least(1),
    so_what="Django deletes no file when you replace a picture or delete its row. Delete files in "
    "code of your own.",
    source=docs("Model field reference", "FileField and FieldFile"),
)
def test_files_left_by_an_imagefield(tmp_path):
    """A form replaces a user's picture (ImageField), then the user is deleted. How many files are
    left?"""
    storage = FileSystemStorage(location=tmp_path)
    alice, row = with_field("picture", models.ImageField(null=True, storage=storage))
    form_class = modelform_factory(type(row), fields=["picture"])
    for color in ("red", "green"):
        picture = BytesIO()
        Image.new("RGB", (1, 1), color).save(picture, "PNG")
        upload = SimpleUploadedFile(f"{color}.png", picture.getvalue())
        form_class({}, {"picture": upload}, instance=row).save()
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    alice.delete()
    assert not type(row).objects.exists()
    return len(saw(sorted(path.name for path in tmp_path.iterdir())))
