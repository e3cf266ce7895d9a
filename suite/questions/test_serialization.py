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
        "With a profile, run dumpdata for both apps: auth contains the account, and your own app "
        "contains the extra fields."
    ),
    source=docs("django-admin and manage.py", "dumpdata"),
)
def test_objects_that_dumpdata_writes_for_a_player(alice):
    """dumpdata exports both apps, auth and the players app. Which objects does dumpdata write for
    one user?"""
    return [written["model"] for written in dumped("auth", "players")]


@compare(
    proxy_model=[],
    profile_onetoone=["players.person"],
    custom_user=["players.user"],
    foreignkey=["players.person"],
    so_what=(
        "With a proxy or a profile, dump the app auth too, because it contains the accounts. With "
        "a custom user, dumpdata of your own app includes them."
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
        "To export the rows of a proxy, call serialize(), or name the proxy's concrete model in "
        "dumpdata. dumpdata leaves proxies out."
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
        "Pass fields=[...] when you serialize() a user model. Without it, the JSON also contains "
        "the password hash."
    ),
    source=docs("Serializing Django objects", "Subset of fields"),
)
def test_what_json_of_our_class_holds(alice):
    """serialize() writes a Player, Person or User as JSON. Which of username, password and
    birthdate does the JSON contain?"""
    fields = json.loads(serializers.serialize("json", PlayerModel.objects.all()))[0]["fields"]
    return [name for name in ("username", "password", "birthdate") if name in fields]


@compare(
    proxy_model="accepted",
    profile_onetoone="IntegrityError",
    custom_user="accepted",
    foreignkey="IntegrityError",
    so_what=(
        "Export the user together with the profile. JSON of a profile alone does not restore a "
        "deleted user, because the account is missing."
    ),
    fits=["accepted"],
    costs=["IntegrityError"],
)
def test_json_of_our_class_brings_a_deleted_player_back(transactional_db, alice, load):
    """serialize() wrote a Player, Person or User as JSON, and the user was then deleted. What
    happens when loaddata loads this JSON?"""
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
        "In a receiver that creates profiles, return early if raw is True. Then loaddata of both "
        "apps restores a user and the profile row as they were."
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
        "To dump profiles by natural key, give Person natural_key(), a manager with "
        "get_by_natural_key(), and a primary key other than the user. AbstractUser already has "
        "both methods."
    ),
    source=docs("Serializing Django objects", "Natural keys"),
    fits=[True],
    costs=[False],
)
def test_our_class_has_a_natural_key():
    """Does the variant's own model (Player, Person or User) have the method natural_key() without
    further code?"""
    return hasattr(PlayerModel, "natural_key")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="id",
    custom_user="username",
    foreignkey="username",
    mark="surprising",
    so_what=(
        "If dumps use natural keys, give a OneToOne profile its own id and a natural_key(). With "
        "the user as primary key, dumpdata writes the user's id."
    ),
    source=docs("Serializing Django objects", "Serialization of natural keys"),
    fits=["username"],
    costs=["id"],
)
def test_what_names_the_user_in_a_natural_dump(alice):
    """dumpdata runs with --natural-foreign --natural-primary. Which value names the owner of the
    extra fields in the dump?"""
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
        "Give a OneToOne profile its own id before you load dumps into another database. With the "
        "user as primary key, the extra fields go to the user with that id."
    ),
    source=docs("Serializing Django objects", "Natural keys"),
    fits=[["alice"]],
    fails=ANYTHING_ELSE,
)
def test_owner_of_extras_loaded_where_the_ids_are_taken(alice, load):
    """Alice was dumped with natural keys. In another database, mallory has Alice's id. Which user
    has Alice's extra fields after loaddata into it?"""
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
        "Load dumped profiles where their primary keys are free. loaddata overwrites a profile "
        "row with the same primary key, even if it belongs to another user."
    ),
    source=docs("Fixtures", "How fixtures are saved to the database"),
    fits=[True],
    fails=[False],
)
def test_extras_of_somebody_else_survive_loaddata(alice, load):
    """In the target database, mallory's rows have the ids that Alice's rows have in the dump. Does
    mallory keep mallory's extra fields after loaddata?"""
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
        "If the user is the profile's primary key, dump without --natural-primary. Otherwise "
        "loaddata gives a deleted user a new id, and the profile's foreign key fails."
    ),
    source=docs("Serializing Django objects", "Natural keys"),
    fits=["accepted"],
    costs=["IntegrityError"],
)
def test_natural_dump_loaded_where_the_id_is_free(transactional_db, alice, load):
    """A user was dumped with natural keys and deleted. No other user has the old id. What happens
    when loaddata loads the dump?"""
    written = dumped("auth", "players", **NATURAL)
    roster.remove("alice")
    return outcome(lambda: load(written))


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="ProgrammingError",
    foreignkey="accepted",
    so_what=(
        "With a custom user, rewrite fixtures for auth.user: name your own model. loaddata fails "
        "with the old ones, because the table auth_user does not exist."
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
        "Load a profile's fields separately. model_to_dict(), from which a ModelForm takes its "
        "initial values, reads the fields of one model."
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
        "Load a OneToOne profile with select_related() before you cache a user. Otherwise the "
        "first read of the profile from each unpickled user costs a query."
    ),
    source=docs("Model instance reference", "Pickling objects"),
    fits=[0],
    costs=at_least(1),
)
def test_queries_for_extras_of_an_unpickled_user(alice, statements):
    """A user is pickled into a cache before code reads the birthdate. How many queries does reading
    the birthdate take after unpickling?"""
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
        "To cache a OneToOne profile with its user, read user.person before you pickle the user. "
        "The result of a query on person_set is not pickled."
    ),
    source=docs("Model instance reference", "Pickling objects"),
    fits=[0],
    costs=at_least(1),
)
def test_queries_for_extras_read_before_pickling(alice, statements):
    """Code reads the birthdate, and then the user is pickled. How many queries does reading the
    birthdate take after unpickling?"""
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
        "Before you cache custom users, check whether their extra fields may be in the cache: "
        "each pickle contains them. A OneToOne profile is included only after code has read it."
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
        "Before you cache users, check for personal data. A pickle contains a custom user's extra "
        "fields, and a OneToOne profile that code has read."
    ),
    source=docs("Model instance reference", "Pickling objects"),
)
def test_pickled_user_holds_extras_that_were_read(alice):
    """Code has read a user's extra fields. Does a pickle of this user object then contain them?"""
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
        "Compare person.user with a user, not the profile: a profile does not equal a user with "
        "the same key. A proxy object does, because Django compares concrete models."
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
        "You can mix users and profiles in a set or dict. With the same key they have equal "
        "hashes, but they are not equal, so a set keeps both."
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
        "To get proxy objects, query Player.objects. User.objects returns User objects, so "
        "isinstance(user, Player) is False."
    ),
    source=docs("Models", "QuerySets still return the model that was requested"),
    fits=[True],
    costs=[False],
)
def test_user_is_an_instance_of_our_class(alice):
    """Is an object that User.objects returns an instance of the variant's own model (Player, Person
    or User)?"""
    return isinstance(User.objects.get(pk=alice.pk), PlayerModel)


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="known",
    so_what=(
        "You can pass a proxy object to code that expects a User. Instead of a profile, pass "
        "person.user."
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
    so_what=(
        "If the admin registers a proxy, expect the proxy class from get_edited_object(), not "
        "User. The admin's log stores the proxy's own content type."
    ),
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
    """A GenericForeignKey with default options refers to a Player, Person or User. Which class does
    the GenericForeignKey return?"""

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
        "To copy a user whose OneToOne profile was read, use copy.deepcopy(), or read the user "
        "again. copy.copy(user) shares the profile object with the original."
    ),
    source=code("django.db.models.base.Model.__getstate__"),
    fits=[False],
    costs=[True],
)
def test_copied_user_shares_the_extras(alice):
    """Code reads a user's birthdate, then calls copy.copy(user). Does changing the birthdate on the
    copy also change the original object's?"""
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
        "Give a profile model a __str__() that names its user. Without one, the admin shows a "
        "profile as, for example, Person object (5)."
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
        'If a list of profiles shows usernames, add select_related("user"). Without it, each line '
        "runs a query for its user."
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
        "A session stores the user's id as text, the path of the backend, and a hash made "
        "from the password. If a move changes one of them, rewrite the sessions."
    ),
    source=code("django.contrib.auth.login"),
)
def test_type_of_the_id_in_a_session(alice, client):
    """Which Python type does a logged-in user's id have in the session?"""
    assert client.login(username="alice", password=PASSWORD)
    return type(client.session["_auth_user_id"]).__name__


@compare(
    proxy_model="AnonymousUser",
    profile_onetoone="AnonymousUser",
    custom_user="AnonymousUser",
    foreignkey="AnonymousUser",
    so_what=(
        "An old session does not log in a new user with the deleted user's id. The session stores "
        "a hash of the password field, and the new user's differs."
    ),
    source=docs(
        "Using the Django authentication system", "Session invalidation on password change"
    ),
)
def test_old_session_and_a_new_user_with_the_id(alice, client):
    """A user was deleted, and a new user got the same id. Which user does a request with the old
    session have?"""
    assert client.login(username="alice", password=PASSWORD)
    roster.remove("alice")
    User.objects.create_user("carol", password=PASSWORD, pk=alice.pk)
    return str(client.get("/").wsgi_request.user)
