"""Neighbours of the four

Ways that people take instead, measured beside each of the four: a subclass of the user with a table
of its own (multi-table inheritance), a profile with its own key, a profile made when it is first
needed, a field added to Django's class from outside, and the smallest custom user.
"""

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.db import connection, models
from django.db.models.signals import post_save
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import isolate_apps

from suite.compare import CANNOT, compare, docs
from suite.outcomes import heard, outcome, rows, saw, tables
from suite.variant import PASSWORD, PlayerModel, User, enrolled, path, without_row

CUSTOMIZING = 'Django 5.2 docs, "Customizing authentication in Django", section '
ADMIN = CUSTOMIZING + '"Custom users and django.contrib.admin"'


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
    """The table of Gamer, for one question."""
    with connection.schema_editor() as editor:
        editor.create_model(Gamer)


POINTER = "FOREIGN KEY (user_ptr_id) REFERENCES {}(id) DEFERRABLE INITIALLY DEFERRED"
AUTH_USER, PLAYERS_USER = POINTER.format("auth_user"), POINTER.format("players_user")


@compare(
    proxy_model=["PRIMARY KEY (user_ptr_id)", AUTH_USER],
    profile_onetoone=["PRIMARY KEY (user_ptr_id)", AUTH_USER],
    custom_user=["PRIMARY KEY (user_ptr_id)", PLAYERS_USER],
    foreignkey=["PRIMARY KEY (user_ptr_id)", AUTH_USER],
    mark="useful",
    so_what="Its key is the profile's: a table whose primary key points at the user.",
    source='Django 5.2 docs, "Models", section "Multi-table inheritance"',
)
def test_multi_table_key(gamers):
    """Player(User) without proxy = True: which keys does its table get?"""
    made = tables()[Gamer._meta.db_table]
    return [key.definition for key in (*made.constraints, *made.foreign_keys)]


@compare(
    proxy_model=["INSERT auth_user", "INSERT gamer"],
    profile_onetoone=["INSERT auth_user", "INSERT gamer"],
    custom_user=["INSERT players_user", "INSERT gamer"],
    foreignkey=["INSERT auth_user", "INSERT gamer"],
    mark="useful",
    so_what="It writes the same two rows as a profile does.",
    source='Django 5.2 docs, "Models", section "Multi-table inheritance"',
)
def test_multi_table_writes(gamers, statements):
    """Player(User) without proxy = True: what does making a player write?"""
    statements.clear()
    Gamer.objects.create(username="bob")
    return statements.verbs()


@compare(
    proxy_model=0,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    mark="surprising",
    so_what=(
        "save() of an inherited model opens a transaction of its own, which a profile made in"
        " a view has to ask for."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_multi_table_half_written(transactional_db):
    """Player(User) without proxy = True: its own INSERT fails; how many users are left behind?"""
    with pytest.raises(Exception, match="gamer"):
        Gamer.objects.create(username="bob")  # there is no table "gamer"
    return User.objects.filter(username="bob").count()


@compare(
    proxy_model="auth.User",
    profile_onetoone="auth.User",
    custom_user="players.User",
    foreignkey="auth.User",
    mark="useful",
    so_what=(
        "request.user is the parent, so the extras need another query, or a backend of one's own."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_class_at_login(gamers):
    """Player(User) without proxy = True: of which class is the user whom Django's own backend
    returns?"""
    Gamer.objects.create(username="bob", password=make_password(PASSWORD))
    return ModelBackend().authenticate(None, "bob", PASSWORD)._meta.label


@compare(
    proxy_model="",
    profile_onetoone="",
    custom_user="",
    foreignkey="",
    mark="surprising",
    so_what=(
        "save() writes the parent's columns too, here with their defaults: name, password and"
        " e-mail of an existing account are wiped out."
    ),
)
def test_multi_table_for_an_existing_user(gamers):
    """Player(user_ptr=user).save() gives an existing user a player's row: what is their username
    after that?
    """
    alice = enrolled("alice")
    Gamer(user_ptr=alice).save()
    return User.objects.get(pk=alice.pk).username


@compare(
    proxy_model="alice",
    profile_onetoone="alice",
    custom_user="alice",
    foreignkey="alice",
    mark="surprising",
    so_what=(
        "It gives existing users the child's row and leaves theirs alone, as loaddata does;"
        " its signals say raw=True."
    ),
)
def test_multi_table_for_an_existing_user_raw(gamers):
    """Player(user_ptr=user).save_base(raw=True) writes the player's row alone: what is the username
    of the existing user after that?
    """
    alice = enrolled("alice")
    Gamer(user_ptr=alice).save_base(raw=True)
    return User.objects.get(pk=alice.pk).username


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "Parents are saved without signals of their own, so packages that listen to User hear"
        " nothing."
    ),
    source='Django 5.2 docs, "Signals", section "post_save"',
)
def test_multi_table_signal(gamers):
    """Player(User) without proxy = True: is a receiver of post_save with sender=User called when a
    player is made?
    """
    with heard(post_save, sender=User) as senders:
        Gamer.objects.create(username="bob")
    return bool(senders)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=1,
    foreignkey=0,
    mark="useful",
    so_what="The profile's signal listens to User and is not called for a subclass.",
    source=docs("Signals", "post_save"),
)
def test_multi_table_beside_the_extras(gamers):
    """Somebody adds such a subclass to this project: how many rows for extras has a user made by
    it?
    """
    Gamer.objects.create(username="bob")
    made = User.objects.filter(username="bob", **{f"{path('pk')}__isnull": False})
    return made.values(path("birthdate")).count()


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    mark="useful",
    so_what=(
        "A key of its own costs the profile a sequence and a second unique index; it buys a link"
        " that can travel as a natural key."
    ),
    source="PostgreSQL 18 docs, 5.5.3. Unique Constraints",
)
def test_own_key_has_one_index_more():
    """A OneToOneField beside an id of its own, not as primary key: how many indexes more?"""
    with connection.schema_editor() as editor:
        editor.create_model(OwnKey)
        editor.create_model(UserAsKey)
    made = [saw(tables()[it._meta.db_table].indexes) for it in (OwnKey, UserAsKey)]
    return len(made[0]) - len(made[1])


def show_birthdate(request):
    """A page that makes the extras when they are first asked for."""
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
    mark="useful",
    so_what=(
        "A page that only shows something then needs a connection that can write, and two "
        "visits at once may both try."
    ),
    source=docs("QuerySet API reference", "get_or_create()"),
)
def test_lazy_profile_writes_on_a_get(statements):
    """The extras' row is made by get_or_create() when it is first read: how many writes does a GET
    of a user without one make?
    """
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
    so_what=(
        "Making the row when it is read is at odds with read replicas and read-only transactions."
    ),
    source="PostgreSQL 18 docs, SET TRANSACTION",
)
def test_lazy_profile_on_a_replica():
    """The extras' row is made when it is first read: what does that reading get from a read-only
    connection, such as a replica's?
    """
    PlayerModel._meta.get_field("birthdate")
    bob = without_row()
    return outcome(lambda: (rows("SET TRANSACTION READ ONLY"), visit(bob)))


@compare(
    proxy_model="auth",
    profile_onetoone="auth",
    custom_user="players",
    foreignkey="auth",
    mark="surprising",
    so_what=(
        "The migration goes into the app that owns the class: for Django's user into site-"
        "packages, where the next deployment does not find it."
    ),
)
def test_field_added_from_outside(project):
    """User.add_to_class("birthplace", ...) in models.py: into which app does makemigrations write
    the migration?
    """
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
    mark="useful",
    so_what=(
        "Below AbstractUser the admin's demands have to be met by hand, or by "
        "PermissionsMixin and an is_staff of one's own."
    ),
    source=ADMIN,
)
@isolate_apps()
def test_smallest_custom_user_and_the_admin():
    """A custom user of AbstractBaseUser alone: what is missing of what the admin asks of a user?"""

    class Smallest(AbstractBaseUser):
        class Meta:
            app_label = "neighbours"

    asked = ["is_active", "is_staff", "has_perm", "has_module_perms"]
    return [name for name in asked if not hasattr(Smallest, name)]
