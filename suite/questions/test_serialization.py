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

from suite.compare import CANNOT, compare, docs
from suite.conftest import ALICE
from suite.outcomes import outcome, saw
from suite.variant import PASSWORD, PlayerModel, User, extras_of, path

NATURAL = {"use_natural_foreign_keys": True, "use_natural_primary_keys": True}


def dumped(*labels, **options):
    """What dumpdata writes of these apps, permissions left out: a list of its objects."""
    out = StringIO()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        call_command("dumpdata", *labels, exclude=["auth.permission"], stdout=out, **options)
    for warning in warned:
        saw(warning.message)
    return json.loads(out.getvalue())


@pytest.fixture
def load(monkeypatch):
    """load(objects): give such a list to loaddata."""

    def load(objects):
        monkeypatch.setattr("sys.stdin", StringIO(json.dumps(objects)))
        call_command("loaddata", "-", format="json", verbosity=0)

    return load


def rename(user, name):
    """Make the account somebody else's, with an own Discord ID; its ids stay."""
    roster.change(user.username, discord_id="200000000000000002")
    User.objects.filter(pk=user.pk).update(username=name)


def who_has(discord_id):
    return [player["username"] for player in roster.by_discord_id(discord_id)]


def fresh(user):
    """The user read anew; in proxy_model the query names the extra that is not there."""
    return User.objects.exclude(**{path("discord_id"): ""}).get(pk=user.pk)


@compare(
    proxy_model=["auth.user"],
    profile_onetoone=["auth.user", "players.person"],
    custom_user=["players.user"],
    foreignkey=["auth.user", "players.person"],
    source=docs("django-admin and manage.py", "dumpdata"),
)
def test_objects_that_dumpdata_writes_for_a_player(alice):
    """Which objects does dumpdata write for one player?"""
    return [written["model"] for written in dumped("auth", "players")]


@compare(
    proxy_model=[],
    profile_onetoone=["players.person"],
    custom_user=["players.user"],
    foreignkey=["players.person"],
    so_what=(
        "A dump of the players app alone is complete only with a custom user; a proxy is left "
        "out with a warning, a profile comes without its accounts."
    ),
    source="Django ticket #26144",
)
def test_objects_that_dumpdata_of_our_app_writes(alice):
    """Which objects does "dumpdata players", our app alone, write for one player?"""
    return [written["model"] for written in dumped("players")]


@compare(
    proxy_model="players.player",
    profile_onetoone="players.person",
    custom_user="players.user",
    foreignkey="players.person",
    so_what="serialize() writes a proxy under its own name, though dumpdata refuses it.",
    source="Django ticket #17717",
)
def test_label_of_our_class_in_json(alice):
    """Which model does serializers.serialize("json", ...) name for an object of our class?"""
    return json.loads(serializers.serialize("json", PlayerModel.objects.all()))[0]["model"]


@compare(
    proxy_model=["username", "password"],
    profile_onetoone=["birthdate"],
    custom_user=["username", "password", "birthdate"],
    foreignkey=["birthdate"],
    so_what=(
        "Where our class is the user, an export of players carries the password hashes unless "
        "fields= leaves them out."
    ),
    source='Django 5.2 docs, "Serializing Django objects", section "Subset of fields"',
)
def test_what_json_of_our_class_holds(alice):
    """Which of username, password hash and birthdate does our class, serialized to JSON, hold?"""
    fields = json.loads(serializers.serialize("json", PlayerModel.objects.all()))[0]["fields"]
    return [name for name in ("username", "password", "birthdate") if name in fields]


@compare(
    proxy_model="accepted",
    profile_onetoone="IntegrityError",
    custom_user="accepted",
    foreignkey="IntegrityError",
    so_what="A profile's JSON is not a backup of a player: the account is missing.",
)
def test_json_of_our_class_brings_a_deleted_player_back(transactional_db, alice, load):
    """Does our class alone, serialized to JSON and loaded again, bring a deleted player back?"""
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
        "A create-signal must ignore raw, as the one here does, for the fixture to bring the "
        "person itself."
    ),
    source=docs("Fixtures", "How fixtures are saved to the database"),
)
def test_player_survives_dumpdata_flush_loaddata(transactional_db, alice, load):
    """Is a player the same after dumpdata, flush and loaddata?"""
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
        "AbstractBaseUser brings a natural key; a profile must be given one before dumps can "
        "travel."
    ),
    source='Django 5.2 docs, "Serializing Django objects", section "Natural keys"',
)
def test_our_class_has_a_natural_key():
    """Has our class a natural key without a line of code for it?"""
    return hasattr(PlayerModel, "natural_key")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="id",
    custom_user="username",
    foreignkey="username",
    mark="surprising",
    so_what=(
        "A OneToOneField as primary key is written as the bare id even with --natural-foreign, "
        "as the serializer treats keys apart from fields."
    ),
    source=docs("Serializing Django objects", "Serialization of natural keys"),
)
def test_what_names_the_user_in_a_natural_dump(alice):
    """Written with --natural-foreign --natural-primary, by what do the extras name their user?"""
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
        "With a primary-key profile the extras go to whoever has the id there: give Person a "
        "natural_key() before moving dumps."
    ),
    source='Django 5.2 docs, "Serializing Django objects", section "Natural keys"',
)
def test_owner_of_extras_loaded_where_the_ids_are_taken(alice, load):
    """A natural dump of alice, loaded where mallory has alice's old id: whose are her extras?"""
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
        "loaddata updates the row that has the key: any extras row whose number is in the dump "
        "is overwritten without a word."
    ),
    source=docs("Fixtures", "How fixtures are saved to the database"),
)
def test_extras_of_somebody_else_survive_loaddata(alice, load):
    """A natural dump of alice, loaded where mallory's rows have its ids: does mallory keep hers?"""
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
        "A profile keyed by the user cannot travel without ids; a user or an ordinary "
        "ForeignKey can."
    ),
    source='Django 5.2 docs, "Serializing Django objects", section "Natural keys"',
)
def test_natural_dump_loaded_where_the_id_is_free(transactional_db, alice, load):
    """What does loaddata say to a natural dump of a player whose old id is nobody's now?"""
    written = dumped("auth", "players", **NATURAL)
    roster.remove("alice")
    return outcome(lambda: load(written))


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="ProgrammingError",
    foreignkey="accepted",
    so_what=(
        "Fixtures and seed data of others are written for auth.user: with a custom user the "
        "class is known, but it has no table."
    ),
)
def test_fixture_of_auth_user(load):
    """What does loaddata say to a fixture that was written for auth.user?"""
    user = {"username": "carol", "password": "!", "date_joined": "2020-01-01T00:00:00Z"}
    return outcome(lambda: load([{"model": "auth.user", "pk": 10**9, "fields": user}]))


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
)
def test_model_to_dict_of_the_user_has_the_extras(alice):
    """Does model_to_dict(user), what a ModelForm starts from, hold the birthdate?"""
    return "birthdate" in model_to_dict(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    source=docs("Model instance reference", "Pickling objects"),
)
def test_queries_for_extras_of_an_unpickled_user(alice, statements):
    """How many queries does the birthdate take after a user came back from a cache (pickle)?"""
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
        "A OneToOne row that was read travels in the pickle; a ForeignKey's row is asked for anew."
    ),
    source=docs("Model instance reference", "Pickling objects"),
)
def test_queries_for_extras_read_before_pickling(alice, statements):
    """How many queries does it take if the birthdate was read before the user was pickled?"""
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
        "A custom user carries personal data into every cache; a profile keeps them out until "
        "they are read."
    ),
    source=docs("Model instance reference", "Pickling objects"),
)
def test_pickled_user_holds_the_extras(alice):
    """Are the extras in a user that goes into a cache (pickle), though nobody read them?"""
    return ALICE["discord_id"].encode() in pickle.dumps(fresh(alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    source=docs("Model instance reference", "Pickling objects"),
)
def test_pickled_user_holds_extras_that_were_read(alice):
    """Are the extras in a user that goes into a cache (pickle) after they have been read?"""
    user = fresh(alice)
    assert extras_of(user).discord_id == ALICE["discord_id"]
    return ALICE["discord_id"].encode() in pickle.dumps(user)


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="Django compares concrete models, so a Player is its User, and a Person never is.",
    source='Django 5.2 docs, "Model instance reference", section "__eq__()"',
)
def test_our_object_equals_the_user_with_the_same_key(alice):
    """Is an object of our class equal (==) to the user with the same primary key?"""
    return PlayerModel(pk=alice.pk) == alice


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="The hash is the primary key's, whatever the class: only == tells them apart in a set.",
    source='Django 5.2 docs, "Model instance reference", section "__hash__()"',
)
def test_our_object_has_the_hash_of_the_user(alice):
    """Has an object of our class the hash of the user with the same primary key?"""
    return hash(PlayerModel(pk=alice.pk)) == hash(alice)


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="known",
    so_what="isinstance(user, Player) fails for whatever was read as a User.",
    source=(
        'Django 5.2 docs, "Models", section "QuerySets still return the model that was requested"'
    ),
)
def test_user_is_an_instance_of_our_class(alice):
    """Is what User.objects.get() gives an instance of our class (Player, Person, User)?"""
    return isinstance(User.objects.get(pk=alice.pk), PlayerModel)


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="known",
    so_what="A proxy can be handed to any code that wants a User; a profile cannot.",
    source=docs("Models", "Proxy models"),
)
def test_our_object_is_an_instance_of_user(alice):
    """Is what our class's objects.get() gives an instance of User?"""
    return isinstance(PlayerModel.objects.last(), User)


@compare(
    proxy_model="Player",
    profile_onetoone="Person",
    custom_user="User",
    foreignkey="Person",
    so_what="The admin logs under the proxy's own content type.",
    source=docs("The Django admin site", "LogEntry methods") + ", LogEntry.get_edited_object()",
)
def test_class_that_an_admin_log_entry_leads_to(alice):
    """An admin log entry about an object of our class: which class does it lead back to?"""
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
        "By default the content type of the concrete model is kept: what was a Player comes "
        "back as a User, without its methods."
    ),
    source=docs("The contenttypes framework", "Generic relations")
    + ", GenericForeignKey.for_concrete_model",
)
@isolate_apps("players")
def test_class_that_a_generic_foreign_key_leads_to(alice):
    """A GenericForeignKey to an object of our class: which class does it lead back to?"""

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
        "Django copies the dict of cached relations but not what is in it: both users hold the "
        "same person."
    ),
    source="Django 5.2 source, django.db.models.base.Model.__getstate__",
)
def test_copied_user_shares_the_extras(alice):
    """After copy.copy(user), extras read before: does a change of the copy's change the user's?"""
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
    so_what="A profile wants a __str__ of its own before it is readable in the admin.",
    source=docs("Model instance reference", "__str__()"),
)
def test_str_of_our_class_by_default(alice):
    """What is str() of an object of our class if the class has no __str__ of its own?"""
    found = PlayerModel.objects.last()
    return super(PlayerModel, found).__str__().replace(f"({found.pk})", "(N)")


@compare(
    proxy_model=0,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    so_what=(
        "A list or a select of persons that shows their names asks for each user, unless "
        'select_related("user") is there.'
    ),
)
def test_queries_of_str_that_names_the_user(alice, statements):
    """How many queries does str() take that gives the username, on an object of our class?"""
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
        "Sessions keep the id as text, so they outlive a move between approaches that keeps ids"
        " and hashes."
    ),
    source="Django 5.2 source, django.contrib.auth.login",
)
def test_type_of_the_id_in_a_session(alice, client):
    """As which type does a session keep the id of the user who has logged in?"""
    assert client.login(username="alice", password=PASSWORD)
    return type(client.session["_auth_user_id"]).__name__


@compare(
    proxy_model="AnonymousUser",
    profile_onetoone="AnonymousUser",
    custom_user="AnonymousUser",
    foreignkey="AnonymousUser",
    so_what="The session keeps a hash of the password too, and ends when it does not fit.",
    source=(
        'Django 5.2 docs, "Using the Django authentication system", section "Session '
        'invalidation on password change"'
    ),
)
def test_old_session_and_a_new_user_with_the_id(alice, client):
    """Whose account does an old session open if the user is gone and somebody new has the id?"""
    assert client.login(username="alice", password=PASSWORD)
    roster.remove("alice")
    User.objects.create_user("carol", password=PASSWORD, pk=alice.pk)
    return str(client.get("/").wsgi_request.user)
