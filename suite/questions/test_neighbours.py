"""Neighbours of the four

Other ways to extend the user, measured in each variant: a subclass of the user with a table of its
own (multi-table inheritance), a profile with its own key, a profile that is created on the first
read, a field added to Django's class from outside, and the smallest custom user.
"""

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import User as DjangoUser
from django.db import connection, models
from django.db.models.signals import post_save
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import isolate_apps

from suite.compare import ANYTHING_ELSE, CANNOT, at_least, compare, docs
from suite.outcomes import heard, outcome, rows, saw, tables
from suite.variant import PASSWORD, PlayerModel, User, enrolled, path, without_row

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
        "Multi-table inheritance creates the same table as a OneToOne profile: its primary key "
        "references the user. Expect the same joins."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_key(gamers):
    """A model Gamer(User) uses multi-table inheritance. Which keys does its table have?"""
    made = tables()[Gamer._meta.db_table]
    return [key.definition for key in (*made.constraints, *made.foreign_keys)]


@compare(
    proxy_model=["INSERT auth_user", "INSERT gamer"],
    profile_onetoone=["INSERT auth_user", "INSERT gamer"],
    custom_user=["INSERT players_user", "INSERT gamer"],
    foreignkey=["INSERT auth_user", "INSERT gamer"],
    so_what=(
        "Multi-table inheritance saves no write. Creating a child writes two rows, as creating a "
        "user with a profile does."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_writes(gamers, statements):
    """A model Gamer(User) uses multi-table inheritance. Which SQL statements does
    Gamer.objects.create() run?"""
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
        "save() of a child model stores both rows or none. For a user and a profile, open the "
        "transaction yourself."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_multi_table_half_written(transactional_db):
    """Gamer(User) uses multi-table inheritance, and the INSERT into Gamer's own table fails. How
    many users are stored?"""
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
        "After a login, request.user is the parent. To read the child's fields, run another query, "
        "or write a backend that returns the child."
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
        "Do not add a child row to an existing user by save(). It overwrites the username, "
        "password and e-mail with the fields' defaults."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_for_an_existing_user(gamers):
    """Gamer(User) has a table of its own. Gamer(user_ptr=user).save() adds its row to an existing
    user. Is the username kept?"""
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
        "To add a child row to an existing user, call save_base(raw=True). It writes the child row "
        "alone, and signal receivers get raw=True."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_multi_table_for_an_existing_user_raw(gamers):
    """Gamer(User) has a table of its own. Gamer(user_ptr=user).save_base(raw=True) adds its row to
    an existing user. Is the username kept?"""
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
        "Connect your receivers to the child model too. Django sends no post_save for the parent, "
        "so packages that listen to User miss these users."
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
        "If a receiver creates the profile rows, connect it to the subclass too. Django does not "
        "call a receiver with sender=User for it."
    ),
    source=docs("Signals", "post_save"),
)
def test_multi_table_beside_the_extras(gamers):
    """A user is created through a multi-table subclass, Gamer(User). How many rows for the extra
    fields does the user have?"""
    Gamer.objects.create(username="bob")
    made = User.objects.filter(username="bob", **{f"{path('pk')}__isnull": False})
    return made.values(path("birthdate")).count()


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "An id of its own costs the profile a sequence and a second unique index. In return, "
        "fixtures can name the user by a natural key."
    ),
    source="PostgreSQL 18 docs, 5.5.3. Unique Constraints",
)
def test_own_key_has_one_index_more():
    """A OneToOne profile has its own id, instead of user as primary key. How many more indexes does
    its table have?"""
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
        "A page that creates rows on GET needs a writable connection. Two first visits may both "
        "try the INSERT, so keep a unique constraint."
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
    """A page creates a missing profile row when it reads it. What happens in a read-only
    transaction?"""
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
        "Do not add fields to auth.User with add_to_class(). Its migration goes into "
        "site-packages, so your repository and the next deployment lack it."
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
        "Start a new project with an empty custom user. It has the same fields as Django's, and "
        "ordinary migrations can add extra fields later."
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
        "Child tables do not exclude each other, and neither do profiles. If a user has exactly "
        "one kind, store it in a field kind on the user."
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
        "To tell kinds of users apart, store a field kind on the user. Each child table that you "
        "ask costs a query."
    ),
    source=docs("Models", "Multi-table inheritance"),
)
def test_queries_to_tell_two_kinds_apart(gamers, scribes, statements):
    """Gamer(User) and Scribe(User) are child models, and a user is neither. How many queries do two
    hasattr() checks run?"""
    alice = User.objects.get(pk=enrolled("alice").pk)
    statements.clear()
    assert not any(hasattr(alice, name) for name in ("gamer", "scribe"))
    return len(statements)


@pytest.fixture
def scribes():
    """Create the table of Scribe."""
    with connection.schema_editor() as editor:
        editor.create_model(Scribe)
