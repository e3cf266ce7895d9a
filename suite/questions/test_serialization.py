"""Fixtures, serialization, identity"""

import copy
import json
import pickle
import warnings
from datetime import date
from io import StringIO

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.management import call_command
from django.db import models
from django.forms import model_to_dict
from django.test.utils import isolate_apps
from players import roster

from suite.compare import ANYTHING_ELSE, CANNOT, at_least, code, compare, docs
from suite.conftest import ALICE
from suite.outcomes import outcome, saw
from suite.variant import PASSWORD, PlayerModel, User, extras_of, path

NATURAL = {"use_natural_foreign_keys": True, "use_natural_primary_keys": True}


def dumped(*labels, **options):
    """Return the objects that dumpdata writes of these apps, without permissions."""
    out = StringIO()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        call_command("dumpdata", *labels, exclude=["auth.permission"], stdout=out, **options)
    for warning in warned:
        saw(warning.message)
    return json.loads(out.getvalue())


@pytest.fixture
def load(monkeypatch):
    """Return the function load(objects), which runs loaddata with a list of objects."""

    def load(objects):
        monkeypatch.setattr("sys.stdin", StringIO(json.dumps(objects)))
        call_command("loaddata", "-", format="json", verbosity=0)

    return load


def rename(user, name):
    """Give the account another name and another Discord ID; its ids stay."""
    roster.change(user.username, discord_id="200000000000000002")
    User.objects.filter(pk=user.pk).update(username=name)


def who_has(discord_id):
    return [player["username"] for player in roster.by_discord_id(discord_id)]


def fresh(user):
    """Return the user, read again by a query that names an extra field."""
    return User.objects.exclude(**{path("discord_id"): ""}).get(pk=user.pk)


@compare(
    proxy_model=["auth.user"],
    profile_onetoone=["auth.user", "players.person"],
    custom_user=["players.user"],
    foreignkey=["auth.user", "players.person"],
    so_what=(
        "With a profile, a dump needs both apps, because the account and the extra fields "
        "are in different models."
    ),
    source=docs("django-admin and manage.py", "dumpdata"),
)
def test_objects_that_dumpdata_writes_for_a_player(alice):
    """Which objects does dumpdata of both apps, auth and the players app, write for one user?"""
    return [written["model"] for written in dumped("auth", "players")]


@compare(
    proxy_model=[],
    profile_onetoone=["players.person"],
    custom_user=["players.user"],
    foreignkey=["players.person"],
    so_what=(
        "dumpdata of the players app contains the accounts only with a custom user. With a "
        "profile, dump auth too; a proxy writes nothing."
    ),
    source="Django ticket #26144",
    fits=[["players.user"]],
    costs=ANYTHING_ELSE,
)
def test_objects_that_dumpdata_of_our_app_writes(alice):
    """Which objects does dumpdata of the players app write for one user?"""
    return [written["model"] for written in dumped("players")]


@compare(
    proxy_model="players.player",
    profile_onetoone="players.person",
    custom_user="players.user",
    foreignkey="players.person",
    so_what=(
        "serialize() writes a proxy under the proxy's own name, although dumpdata leaves "
        "proxies out."
    ),
    source="Django ticket #17717",
)
def test_label_of_our_class_in_json(alice):
    """Which model does serialize() name for an object of the variant's own model (Player, Person or
    User)?"""
    return json.loads(serializers.serialize("json", PlayerModel.objects.all()))[0]["model"]


@compare(
    proxy_model=["username", "password"],
    profile_onetoone=["birthdate"],
    custom_user=["username", "password", "birthdate"],
    foreignkey=["birthdate"],
    so_what=(
        "JSON of a user model contains the password hashes. Leave them out with the argument "
        "fields of serialize()."
    ),
    source=docs("Serializing Django objects", "Subset of fields"),
)
def test_what_json_of_our_class_holds(alice):
    """Which of username, password and birthdate does the JSON of a Player, Person or User
    contain?"""
    fields = json.loads(serializers.serialize("json", PlayerModel.objects.all()))[0]["fields"]
    return [name for name in ("username", "password", "birthdate") if name in fields]


@compare(
    proxy_model="accepted",
    profile_onetoone="IntegrityError",
    custom_user="accepted",
    foreignkey="IntegrityError",
    so_what=(
        "JSON of a profile is no backup of a user, because the account is missing. Export the "
        "user as well."
    ),
    fits=["accepted"],
    costs=["IntegrityError"],
)
def test_json_of_our_class_brings_a_deleted_player_back(transactional_db, alice, load):
    """A user was deleted. What happens if you load the JSON of the Player, Person or User again?"""
    written = json.loads(serializers.serialize("json", PlayerModel.objects.all()))
    roster.remove("alice")
    return outcome(lambda: load(written))


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="known",
    so_what=(
        "Let a receiver return early if raw is True. Then loaddata restores a user and the "
        "profile row as they were."
    ),
    source=docs("Fixtures", "How fixtures are saved to the database"),
)
def test_player_survives_dumpdata_flush_loaddata(transactional_db, alice, load):
    """Is a user with extra fields the same after dumpdata, flush and loaddata?"""
    before = roster.find("alice")
    written = dumped("auth", "players")
    call_command("flush", interactive=False, verbosity=0)
    assert roster.find("alice") is None
    load(written)
    return roster.find("alice") == before


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what=(
        "AbstractBaseUser brings natural_key(). A profile needs its own, and a primary key "
        "other than the user, before dumps can use it."
    ),
    source=docs("Serializing Django objects", "Natural keys"),
    fits=[True],
    costs=[False],
)
def test_our_class_has_a_natural_key():
    """Does the variant's own model (Player, Person or User) have a natural key without further
    code?"""
    return hasattr(PlayerModel, "natural_key")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="id",
    custom_user="username",
    foreignkey="username",
    mark="surprising",
    so_what=(
        "If the OneToOneField is the primary key, dumpdata writes the user's id, even with "
        "natural keys. A profile with its own id avoids that."
    ),
    source=docs("Serializing Django objects", "Serialization of natural keys"),
    fits=["username"],
    costs=["id"],
)
def test_what_names_the_user_in_a_natural_dump(alice):
    """With --natural-foreign --natural-primary, what identifies the user of the dumped extra
    fields?"""
    written = {name: row for row in dumped("auth", "players", **NATURAL) for name in row["fields"]}
    row = written["birthdate"]
    by_name = "alice" in json.dumps(row["fields"])
    assert by_name or row["pk"] == alice.pk
    return "username" if by_name else "id"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["mallory"],
    custom_user=["alice"],
    foreignkey=["alice"],
    mark="surprising",
    so_what=(
        "If the user is the profile's primary key, loaddata gives the extra fields to the user "
        "with that id. Natural keys do not help."
    ),
    source=docs("Serializing Django objects", "Natural keys"),
    fits=[["alice"]],
    fails=ANYTHING_ELSE,
)
def test_owner_of_extras_loaded_where_the_ids_are_taken(alice, load):
    """mallory has alice's old id in another database. Who owns alice's extra fields after loaddata
    with natural keys?"""
    written = dumped("auth", "players", **NATURAL)
    rename(alice, "mallory")
    load(written)
    return who_has(ALICE["discord_id"])


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "loaddata overwrites a profile row that has the primary key of a dumped one. Load "
        "profiles only where their ids are free."
    ),
    source=docs("Fixtures", "How fixtures are saved to the database"),
    fits=[True],
    fails=[False],
)
def test_extras_of_somebody_else_survive_loaddata(alice, load):
    """Alice was dumped with natural keys, and mallory now has her ids. Does mallory keep her extra
    fields after loaddata?"""
    written = dumped("auth", "players", **NATURAL)
    rename(alice, "mallory")
    load(written)
    return who_has("200000000000000002") == ["mallory"]


@compare(
    proxy_model="accepted",
    profile_onetoone="IntegrityError",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "A profile whose primary key is the user needs the old id. A custom user, or a profile "
        "with its own id, loads without them."
    ),
    source=docs("Serializing Django objects", "Natural keys"),
    fits=["accepted"],
    costs=["IntegrityError"],
)
def test_natural_dump_loaded_where_the_id_is_free(transactional_db, alice, load):
    """A user was dumped with natural keys and deleted. What does loaddata do if the old id is
    free?"""
    written = dumped("auth", "players", **NATURAL)
    roster.remove("alice")
    return outcome(lambda: load(written))


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="ProgrammingError",
    foreignkey="accepted",
    so_what=(
        "With a custom user, fixtures for auth.user fail, because that table does not exist. "
        "Rewrite them for your model."
    ),
    fits=["accepted"],
    costs=ANYTHING_ELSE,
)
def test_fixture_of_auth_user(load):
    """What does loaddata do with a fixture that was written for auth.user?"""
    user = {"username": "carol", "password": "!", "date_joined": "2020-01-01T00:00:00Z"}
    return outcome(lambda: load([{"model": "auth.user", "pk": 10**9, "fields": user}]))


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what=(
        "model_to_dict(), from which a ModelForm takes its initial values, reads one model. "
        "Load a profile's fields separately."
    ),
    fits=[True],
    costs=[False],
)
def test_model_to_dict_of_the_user_has_the_extras(alice):
    """Does model_to_dict(user) contain the birthdate?"""
    return "birthdate" in model_to_dict(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    so_what=(
        "A pickled user has no profile row unless it was read before. Each read after the cache "
        "then costs a query."
    ),
    source=docs("Model instance reference", "Pickling objects"),
    fits=[0],
    costs=at_least(1),
)
def test_queries_for_extras_of_an_unpickled_user(alice, statements):
    """A cache (pickle) returns a user. How many queries does reading the birthdate take?"""
    back = pickle.loads(pickle.dumps(fresh(alice)))
    statements.clear()
    assert extras_of(back).birthdate == ALICE["birthdate"]
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=1,
    so_what=(
        "Read user.person before you pickle a user, and the row travels along. A row that "
        "person_set read does not."
    ),
    source=docs("Model instance reference", "Pickling objects"),
    fits=[0],
    costs=at_least(1),
)
def test_queries_for_extras_read_before_pickling(alice, statements):
    """The birthdate was read before the user was pickled. How many queries does reading it again
    take afterwards?"""
    user = fresh(alice)
    assert extras_of(user).birthdate
    back = pickle.loads(pickle.dumps(user))
    statements.clear()
    assert extras_of(back).birthdate == ALICE["birthdate"]
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what=(
        "A pickled custom user takes its extra fields into the cache. A profile stays out until "
        "code reads it."
    ),
    source=docs("Model instance reference", "Pickling objects"),
)
def test_pickled_user_holds_the_extras(alice):
    """No code has read the extra fields. Does a pickled user contain them?"""
    return ALICE["discord_id"].encode() in pickle.dumps(fresh(alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    so_what=(
        "A OneToOne profile that was read goes into the pickle with its user. Keep personal "
        "data in mind before you cache users."
    ),
    source=docs("Model instance reference", "Pickling objects"),
)
def test_pickled_user_holds_extras_that_were_read(alice):
    """The extra fields have been read. Does a pickled user contain them?"""
    user = fresh(alice)
    assert extras_of(user).discord_id == ALICE["discord_id"]
    return ALICE["discord_id"].encode() in pickle.dumps(user)


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "Django compares concrete models, so a proxy equals its User. A profile never equals a "
        "user, even with the same key."
    ),
    source=docs("Model instance reference", "__eq__()"),
)
def test_our_object_equals_the_user_with_the_same_key(alice):
    """Is a Player, Person or User object equal (==) to the user with the same primary key?"""
    return PlayerModel(pk=alice.pk) == alice


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Django hashes the primary key only. In a set or a dict, equality decides whether two "
        "objects are the same."
    ),
    source=docs("Model instance reference", "__hash__()"),
)
def test_our_object_has_the_hash_of_the_user(alice):
    """Does a Player, Person or User object have the same hash() as the user with its primary
    key?"""
    return hash(PlayerModel(pk=alice.pk)) == hash(alice)


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="known",
    so_what=(
        "User.objects returns User objects, so isinstance(user, Player) is False with a proxy. "
        "Query Player.objects instead."
    ),
    source=docs("Models", "QuerySets still return the model that was requested"),
    fits=[True],
    costs=[False],
)
def test_user_is_an_instance_of_our_class(alice):
    """Is an object from Django's user model an instance of the variant's own model (Player, Person
    or User)?"""
    return isinstance(User.objects.get(pk=alice.pk), PlayerModel)


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="known",
    so_what=(
        "You can pass a proxy object to code that expects a User. From a profile, pass person.user."
    ),
    source=docs("Models", "Proxy models"),
)
def test_our_object_is_an_instance_of_user(alice):
    """Is an object of the variant's own model (Player, Person or User) an instance of the user
    model?"""
    return isinstance(PlayerModel.objects.last(), User)


@compare(
    proxy_model="Player",
    profile_onetoone="Person",
    custom_user="User",
    foreignkey="Person",
    so_what="The admin's log stores the proxy's own content type, so it returns the proxy.",
    source=docs("The Django admin site", "LogEntry methods") + ", LogEntry.get_edited_object()",
)
def test_class_that_an_admin_log_entry_leads_to(alice):
    """An admin log entry records a Player, Person or User. Which class does get_edited_object()
    return?"""
    ContentType.objects.clear_cache()
    LogEntry.objects.log_actions(alice.pk, PlayerModel.objects.all(), CHANGE)
    return type(LogEntry.objects.latest("pk").get_edited_object()).__name__


@compare(
    proxy_model="User",
    profile_onetoone="Person",
    custom_user="User",
    foreignkey="Person",
    mark="surprising",
    so_what=(
        "By default a GenericForeignKey returns a User for a stored Player. Set "
        "for_concrete_model=False to keep the proxy."
    ),
    source=(
        docs("The contenttypes framework", "Generic relations")
        + ", GenericForeignKey.for_concrete_model"
    ),
)
@isolate_apps("players")
def test_class_that_a_generic_foreign_key_leads_to(alice):
    """A GenericForeignKey refers to a Player, Person or User. Which class does it return?"""

    class Note(models.Model):
        content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
        object_id = models.BigIntegerField()
        about = GenericForeignKey()

        class Meta:
            app_label = "players"

    ContentType.objects.clear_cache()
    note = Note(about=PlayerModel.objects.last())
    read = Note(content_type=note.content_type, object_id=note.object_id)
    return type(read.about).__name__


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "copy.copy(user) shares a profile row that was read. Use copy.deepcopy(), or read the "
        "user again."
    ),
    source=code("django.db.models.base.Model.__getstate__"),
    fits=[False],
    costs=[True],
)
def test_copied_user_shares_the_extras(alice):
    """The birthdate was read before copy.copy(user). Does a change on the copy also change the
    user's birthdate?"""
    assert extras_of(alice).birthdate == ALICE["birthdate"]
    other = copy.copy(alice)
    extras_of(other).birthdate = date(1999, 9, 9)
    return extras_of(alice).birthdate == date(1999, 9, 9)


@compare(
    proxy_model="alice",
    profile_onetoone="Person object (N)",
    custom_user="alice",
    foreignkey="Person object (N)",
    mark="known",
    so_what=(
        "Give a profile model a __str__() that names its user. Without one, the admin shows "
        "only its key."
    ),
    source=docs("Model instance reference", "__str__()"),
)
def test_str_of_our_class_by_default(alice):
    """What does str() return for a Player, Person or User without a __str__() of its own?"""
    found = PlayerModel.objects.last()
    return super(PlayerModel, found).__str__().replace(f"({found.pk})", "(N)")


@compare(
    proxy_model=0,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    so_what=(
        "A list of profiles that shows usernames runs one query for each line. Add "
        'select_related("user").'
    ),
    fits=[0],
    costs=at_least(1),
)
def test_queries_of_str_that_names_the_user(alice, statements):
    """str() of a Player, Person or User returns the username. How many queries does it run?"""
    found = PlayerModel.objects.last()
    statements.clear()
    assert str(found) == "alice"
    return len(statements)


@compare(
    proxy_model="str",
    profile_onetoone="str",
    custom_user="str",
    foreignkey="str",
    so_what=(
        "A session stores the id as text, and the path of the backend. Sessions survive a move "
        "only if id, password hash and backend stay."
    ),
    source=code("django.contrib.auth.login"),
)
def test_type_of_the_id_in_a_session(alice, client):
    """Which type does the user's id have in a session?"""
    assert client.login(username="alice", password=PASSWORD)
    return type(client.session["_auth_user_id"]).__name__


@compare(
    proxy_model="AnonymousUser",
    profile_onetoone="AnonymousUser",
    custom_user="AnonymousUser",
    foreignkey="AnonymousUser",
    so_what=(
        "A session also stores a hash of the password. If the user with its id has another "
        "password, Django logs the session out."
    ),
    source=docs(
        "Using the Django authentication system", "Session invalidation on password change"
    ),
)
def test_old_session_and_a_new_user_with_the_id(alice, client):
    """A user was deleted and a new user has the same id. Which user does the old session log in?"""
    assert client.login(username="alice", password=PASSWORD)
    roster.remove("alice")
    User.objects.create_user("carol", password=PASSWORD, pk=alice.pk)
    return str(client.get("/").wsgi_request.user)
