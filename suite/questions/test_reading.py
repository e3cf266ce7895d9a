"""Reading"""

import re
from datetime import date
from operator import attrgetter

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db.models import Count, F
from django.http import HttpResponse
from django.template import Context, RequestContext, Template
from django.urls import path as route

from suite.compare import CANNOT, compare, docs
from suite.conftest import ALICE
from suite.outcomes import outcome, saw
from suite.variant import (
    PlayerModel,
    User,
    enrolled,
    enrolled_many,
    extras_of,
    path,
    person_class,
    without_row,
)

# What leads from a user to their extras, where these are a row of their own.
REVERSE = "person_set" if hasattr(User, "person_set") else "person"

# How a template shows it: {{ user.birthdate }}, {{ user.person.birthdate }} and so on.
ROW = {"person": "person", "person_set": "person_set.first"}[REVERSE]
BIRTHDATE = path("birthdate").replace("person__", f"{ROW}.").join(["{{ user.", " }}"])


@pytest.fixture
def hundred():
    """A hundred players with another birthdate each."""
    return enrolled_many(100)


def without_person():
    """Bob, a user who has no person. Raises LookupError where nobody has one."""
    person_class()
    return without_row("bob")


def row_of(user):
    """The user's extras row as the relation gives it; an AttributeError if there is no relation."""
    return user.person_set.first() if REVERSE == "person_set" else user.person


def users_with_extras():
    """[(user, their extras)] for all users, with as few queries as the ORM can do it."""
    if REVERSE == "person_set":
        users = User.objects.prefetch_related("person_set")
        return [(user, max(user.person_set.all(), key=attrgetter("pk"))) for user in users]
    if hasattr(User, "person"):
        return [(user, user.person) for user in User.objects.select_related("person")]
    return [(user, user) for user in User.objects.all()]


def joined(statements):
    """How tables were joined: ["LEFT OUTER JOIN person"]."""
    return [
        f"{kind} {table}" for kind, table in re.findall(r'(\w+ ?\w* JOIN) "(\w+)"', *statements)
    ]


def show_birthdate(request):
    return HttpResponse(Template(BIRTHDATE).render(RequestContext(request)))


def may_greet(request):
    return HttpResponse(hasattr(request.user, "greeting"))


urlpatterns = [route("birthdate", show_birthdate), route("may-greet", may_greet)]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    mark="known",
    so_what="Extras in a row of their own cost one query more wherever nobody thought of it.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_queries_to_read_one_player_naively(alice, statements):
    """How many queries does it take to get one user and then read their birthdate?"""
    assert extras_of(User.objects.get(pk=alice.pk)).birthdate == ALICE["birthdate"]
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    mark="known",
    so_what="One join by a key is cheap; what costs is forgetting it.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_joins_to_read_one_player_with_extras(alice, statements):
    """How many joins does it take to read one player with their birthdate?"""
    assert User.objects.values("username", path("birthdate")).get(pk=alice.pk)
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["LEFT OUTER JOIN person"],
    custom_user=[],
    foreignkey=["INNER JOIN auth_user"],
    so_what=(
        "From a ForeignKey profile the way leads only from person to user, so users without a "
        "row are not in it."
    ),
    source='Django 5.2 docs, "QuerySet API reference", section "select_related()"',
)
def test_join_that_reads_user_and_extras_as_objects(alice, statements):
    """Which join gives one user and their extras as objects, in one query?"""
    if REVERSE == "person_set":
        assert PlayerModel.objects.select_related("user").get(user=alice).user == alice
    else:
        related = ["person"] if hasattr(User, "person") else []
        user = User.objects.select_related(*related).get(pk=alice.pk)
        assert extras_of(user).birthdate == ALICE["birthdate"]
    return joined(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=101,
    custom_user=1,
    foreignkey=101,
    mark="known",
    so_what="With a custom user there is no N+1 to forget.",
    source=docs("QuerySet API reference", "select_related()"),
)
def test_queries_of_a_naive_list(hundred, statements):
    """How many queries does a loop over 100 users take that reads each one's birthdate?"""
    assert all(extras_of(user).birthdate for user in User.objects.all())
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    so_what=(
        "A ForeignKey can only be prefetched from the user's side: a second query, and a choice"
        " of row in Python."
    ),
    source='Django 5.2 docs, "QuerySet API reference", section "prefetch_related()"',
)
def test_queries_of_a_list_at_best(hundred, statements):
    """How many queries does a list of 100 users and their extras, as objects, take at best?"""
    assert all(extras.birthdate for _, extras in users_with_extras())
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=0,
    source=docs("QuerySet API reference", "select_related()"),
)
def test_joins_of_a_list_at_best(hundred, statements):
    """How many joins does a list of 100 users and their extras, as objects, take at best?"""
    assert all(extras.birthdate for _, extras in users_with_extras())
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=CANNOT,
    foreignkey=102,
    mark="surprising",
    so_what=(
        "first() on an unordered relation sorts, and so asks PostgreSQL again: with a "
        "ForeignKey the prefetch is paid and not used."
    ),
    source='Django 5.2 docs, "QuerySet API reference", section "prefetch_related()"',
)
def test_queries_after_prefetching_the_extras(hundred, statements):
    """How many queries does a list of 100 users take after prefetch_related(), one row each?"""
    for user in User.objects.prefetch_related(REVERSE):
        assert row_of(user).birthdate
    return len(statements)


@compare(
    proxy_model="FieldError",
    profile_onetoone="accepted",
    custom_user="FieldError",
    foreignkey="FieldError",
    so_what="Only the OneToOne profile can be fetched along from the user's side.",
    source='Django 5.2 docs, "QuerySet API reference", section "select_related()"',
)
def test_select_related_from_user_to_extras():
    """What does User.objects.select_related("person") do?"""
    return outcome(lambda: list(User.objects.select_related("person")))


@compare(
    proxy_model=0,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    mark="surprising",
    so_what=(
        "Without arguments it follows forward keys only: the profile, a reverse one, is not "
        "fetched."
    ),
    source='Django 5.2 docs, "QuerySet API reference", section "select_related()"',
)
def test_joins_of_bare_select_related_on_users(alice, statements):
    """How many joins does select_related() without arguments make on a list of users?"""
    assert alice in User.objects.select_related()
    return statements.joins()


@compare(
    proxy_model=0,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    mark="surprising",
    so_what="The same call that does nothing for users fetches the user of each person.",
    source='Django 5.2 docs, "QuerySet API reference", section "select_related()"',
)
def test_joins_of_bare_select_related_on_the_listed_class(alice, statements):
    """How many joins does select_related() without arguments make on Player, Person or User?"""
    assert list(PlayerModel.objects.select_related())
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["INNER JOIN person"],
    custom_user=[],
    foreignkey=["INNER JOIN person"],
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_join_to_filter_users_by_birthdate(alice, statements):
    """Which join does it take to find users by their birthdate?"""
    assert User.objects.get(**{path("birthdate"): ALICE["birthdate"]}) == alice
    return joined(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["LEFT OUTER JOIN person"],
    custom_user=[],
    foreignkey=["LEFT OUTER JOIN person"],
    so_what="The join is an outer one, so nobody is lost from the list.",
    source=docs("QuerySet API reference", "order_by()"),
)
def test_join_to_sort_users_by_birthdate(alice, statements):
    """Which join does it take to sort users by their birthdate?"""
    assert alice in User.objects.order_by(path("birthdate"))
    return joined(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["alice", "zoe", "bob"],
    custom_user=["alice", "zoe", "bob"],
    foreignkey=["alice", "zoe", "bob"],
    so_what="PostgreSQL sorts NULL last when ascending, wherever the column is.",
    source="PostgreSQL 18 docs, 7.5. Sorting Rows (ORDER BY)",
)
def test_place_of_players_without_a_birthdate(alice):
    """Alice was born in 2010, zoe in 2011, bob does not say: who comes where, by birthdate?"""
    enrolled("bob")
    enrolled("zoe", birthdate=date(2011, 1, 1))
    users = User.objects.filter(username__in=["alice", "bob", "zoe"])
    return list(users.order_by(path("birthdate")).values_list("username", flat=True))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=CANNOT,
    foreignkey=False,
    so_what="A list that starts from the extras silently leaves out whoever has none.",
)
def test_list_of_extras_shows_users_without_row():
    """Does a list of the extras rows, sorted by birthdate, show a user who has no such row?"""
    bob = without_person()
    return bob.username in PlayerModel.objects.order_by("birthdate").values_list(
        "user__username", flat=True
    )


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Django turns the join into an outer one for isnull=True, so NULL and no row look alike."
    ),
    source='Django 5.2 docs, "Making queries", section "Lookups that span relationships"',
)
def test_no_birthdate_finds_users_without_row():
    """Does filtering users by birthdate__isnull=True also find those who have no extras row?"""
    bob = without_person()
    return bob in User.objects.filter(**{path("birthdate__isnull"): True})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["LEFT OUTER JOIN person"],
    custom_user=[],
    foreignkey=["NOT (EXISTS(SELECT"],
    mark="surprising",
    so_what=(
        "With a ForeignKey each excluded condition is a subquery: one row of several must be "
        "enough to exclude."
    ),
    source="Django 5.2 source, django.db.models.sql.query.Query.split_exclude",
)
def test_sql_to_exclude_a_discord_id(alice, statements):
    """How does exclude(discord_id=...) on users reach the extras: by a join or a subquery?"""
    assert alice in User.objects.exclude(**{path("discord_id"): "1"})
    return joined(statements) + re.findall(r"NOT \(EXISTS\(SELECT", *statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="Django adds IS NOT NULL inside the NOT, so NULL is kept, unlike with <> in SQL.",
    source="Django 5.2 source, django.db.models.sql.query.Query.build_filter",
)
def test_exclude_keeps_users_without_a_discord_id():
    """Does exclude(discord_id="1") on users keep those who gave no Discord ID?"""
    return enrolled("bob") in User.objects.exclude(**{path("discord_id"): "1"})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    mark="surprising",
    source="Django 5.2 source, django.db.models.sql.query.Query.build_filter",
)
def test_exclude_keeps_users_without_row():
    """Does exclude(discord_id="1") on users keep those who have no extras row?"""
    return without_person() in User.objects.exclude(**{path("discord_id"): "1"})


def minors():
    return User.objects.filter(**{path("birthdate__gte"): date(2009, 1, 1)})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=2,
    mark="surprising",
    so_what=(
        "With a ForeignKey each filter() joins the table anew, so chaining is slower and means "
        "something else."
    ),
    source='Django 5.2 docs, "Making queries", section "Spanning multi-valued relationships"',
)
def test_joins_of_two_filters_on_extras(alice, statements):
    """How many joins do filter(birthdate...).filter(discord_id...), one after the other, make?"""
    assert alice in minors().filter(**{path("discord_id"): ALICE["discord_id"]})
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Code that chains filters finds players whom no single row describes, as soon as one "
        "has two."
    ),
    source='Django 5.2 docs, "Making queries", section "Spanning multi-valued relationships"',
)
def test_two_filters_match_across_two_rows(alice):
    """Do two chained filters find a user of whose two extras rows each fits one filter only?"""
    person_class().objects.create(user=alice, birthdate=date(1980, 1, 1), discord_id="2")
    return alice in minors().filter(**{path("discord_id"): "2"})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=False,
    source='Django 5.2 docs, "Making queries", section "Spanning multi-valued relationships"',
)
def test_one_filter_matches_across_two_rows(alice):
    """Does one filter() find a user of whose two extras rows each fits one condition only?"""
    person_class().objects.create(user=alice, birthdate=date(1980, 1, 1), discord_id="2")
    both = {path("birthdate__gte"): date(2009, 1, 1), path("discord_id"): "2"}
    return alice in User.objects.filter(**both)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=4,
    custom_user=3,
    foreignkey=5,
    so_what="Each further object brings its own key along.",
    source='Django 5.2 docs, "QuerySet API reference", section "only()"',
)
def test_columns_fetched_by_only(alice, statements):
    """How many columns are fetched for objects with username and birthdate, by only()?"""
    if REVERSE == "person_set":
        list(PlayerModel.objects.select_related("user").only("user__username", "birthdate"))
    else:
        related = ["person"] if hasattr(User, "person") else []
        list(User.objects.select_related(*related).only("username", path("birthdate")))
    return statements[0].partition(" FROM ")[0].count(", ") + 1


@compare(
    proxy_model=CANNOT,
    profile_onetoone=3,
    custom_user=2,
    foreignkey=3,
    mark="surprising",
    so_what="only() over a relation does not fetch it: it defers all of the user's own columns.",
    source='Django 5.2 docs, "QuerySet API reference", section "only()"',
)
def test_queries_after_only_without_select_related(alice, statements):
    """How many queries read username and birthdate after only(<the birthdate>) on users?"""
    user = User.objects.only(path("birthdate")).get(pk=alice.pk)
    assert user.username
    assert extras_of(user).birthdate
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["username", "person__birthdate"],
    custom_user=["username", "birthdate"],
    foreignkey=["username", "person__birthdate"],
    so_what=(
        "The keys tell a template or an API where the extras are stored, so a later move "
        "changes them."
    ),
    source=docs("QuerySet API reference", "values()"),
)
def test_keys_of_values(alice):
    """Under which keys does values() give the username and the birthdate of a user?"""
    return list(User.objects.values("username", path("birthdate")).get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    mark="known",
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_joins_to_count_users_by_birthdate(alice, statements):
    """How many joins does it take to count users born after a day, in one query?"""
    assert minors().count() >= 1
    assert len(statements) == 1
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    so_what="Counting where the extras are needs no join in any approach that stores them.",
)
def test_joins_to_count_extras_by_birthdate(alice, statements):
    """How many joins does it take to count who was born after a day, by the class of the extras?"""
    assert PlayerModel.objects.filter(birthdate__gte=date(2009, 1, 1)).count() >= 1
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_joins_to_ask_whether_a_user_gave_a_birthdate(alice, statements):
    """How many joins does exists() take to say whether a user gave a birthdate?"""
    assert User.objects.filter(pk=alice.pk, **{path("birthdate__isnull"): False}).exists()
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=2,
    mark="surprising",
    so_what="A ForeignKey counts rows, not users: every count over it needs distinct().",
    source='Django 5.2 docs, "Making queries", section "Spanning multi-valued relationships"',
)
def test_count_of_a_user_with_two_rows(alice):
    """How many does count() find of users born after a day, if alice owns two such extras rows?"""
    person_class().objects.create(user=alice, birthdate=ALICE["birthdate"])
    return minors().filter(pk=alice.pk).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "With primary_key=True on the OneToOneField an id in a URL means the same for both; "
        "with an own key it finds somebody else's row, or none."
    ),
    source=docs("Model field reference", "OneToOneField"),
)
def test_extras_are_found_by_the_id_of_the_user():
    """Does the user's id, as primary key, find the extras of that user?"""
    carol = User.objects.create(pk=10**9, username="carol")
    if REVERSE == "person_set":
        carol.person_set.create()
    return PlayerModel.objects.values("birthdate").filter(pk=carol.pk).exists()


@compare(
    proxy_model=[],
    profile_onetoone=["person: Person"],
    custom_user=[],
    foreignkey=["person_set: RelatedManager"],
    mark="known",
    source=docs("Making queries", "One-to-one relationships")
    + "; "
    + docs("Making queries", "Following relationships “backward”"),
)
def test_attributes_that_lead_from_user_to_extras(alice):
    """Which attribute leads from a user to the extras in another table, and what is it?"""
    ours = [
        to for to in User._meta.related_objects if to.related_model._meta.app_label == "players"
    ]
    names = [relation.get_accessor_name() for relation in ours]
    return [f"{name}: {type(getattr(alice, name)).__name__}" for name in names]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=3,
    custom_user=2,
    foreignkey=3,
    so_what="Extras in another table cost one query more on each page that shows them.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_queries_of_a_page_that_shows_the_birthdate(alice, client, settings, statements):
    """How many queries does a page take that shows the logged-in player's birthdate?"""
    settings.ROOT_URLCONF = __name__
    client.force_login(alice)
    statements.clear()
    page = client.get("/birthdate").content.decode()
    queries = len(statements)
    assert saw(page) == f"{extras_of(alice).birthdate:%B %-d, %Y}"
    return queries


@compare(
    proxy_model=CANNOT,
    profile_onetoone="",
    custom_user=CANNOT,
    foreignkey="",
    mark="surprising",
    so_what=(
        "A missing row is no error in a template: Django silences ObjectDoesNotExist there, so "
        "nobody notices."
    ),
    source=docs("The Django template language: for Python programmers", "Variables and lookups"),
)
def test_template_that_shows_a_missing_row():
    """What does a template show for the birthdate of a user who has no extras row?"""
    return Template(BIRTHDATE).render(Context({"user": without_person()}))


@compare(
    proxy_model="",
    profile_onetoone="None",
    custom_user="None",
    foreignkey="None",
    so_what=(
        "NULL is printed as None; a proxy, which has no such attribute, shows nothing and hides"
        " that."
    ),
    source=(
        'Django 5.2 docs, "The Django template language: for Python programmers", section "How '
        'invalid variables are handled"'
    ),
)
def test_template_that_shows_an_empty_birthdate():
    """What does a template show for the birthdate of a player who gave none?"""
    return Template(BIRTHDATE).render(Context({"user": enrolled("bob")}))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=CANNOT,
    foreignkey=True,
    so_what=(
        "Only for a OneToOne relation does hasattr() answer the question; the manager of a "
        "ForeignKey is always there."
    ),
    source='Django 5.2 docs, "One-to-one relationships"',
)
def test_hasattr_for_a_user_without_row():
    """What does hasattr() say about the attribute that leads to the extras if there is no row?"""
    return hasattr(without_person(), REVERSE)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[1, 0],
    custom_user=CANNOT,
    foreignkey=[0, 0],
    so_what="Django remembers that the OneToOne row is missing, so asking again is free.",
    source="Django 5.2 source, "
    "django.db.models.fields.related_descriptors.ReverseOneToOneDescriptor",
)
def test_queries_of_hasattr(statements):
    """How many queries does hasattr(), asking for a missing extras row, make, then make again?"""
    bob = without_person()
    statements.clear()
    hasattr(bob, REVERSE)
    first = len(statements)
    hasattr(bob, REVERSE)
    return [first, len(statements) - first]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=CANNOT,
    foreignkey=CANNOT,
    so_what="The outer join has told Django already that there is no row.",
    source='Django 5.2 docs, "QuerySet API reference", section "select_related()"',
)
def test_queries_for_a_missing_row_after_select_related(statements):
    """How many more queries, after select_related("person"), say that the row is missing?"""
    bob = without_person()
    user = User.objects.select_related("person").get(pk=bob.pk)
    statements.clear()
    assert not hasattr(user, "person")
    return len(statements)


@compare(
    proxy_model=["Player", "User", "User"],
    profile_onetoone=["Person", "User", "User"],
    custom_user=["User", "User", "User"],
    foreignkey=["Person", "User", "User"],
    so_what="A proxy's methods are not there when somebody else's relation reads the user.",
    source=(
        'Django 5.2 docs, "Models", section "QuerySets still return the model that was requested"'
    ),
)
def test_classes_of_what_is_read(alice):
    """Which class has a player read by our class, by User, by a ForeignKey to User?"""
    entry = LogEntry.objects.create(user=alice, action_flag=CHANGE)
    entry.refresh_from_db()
    return [
        type(found).__name__
        for found in (PlayerModel.objects.last(), User.objects.last(), entry.user)
    ]


@compare(
    proxy_model=["request.user"],
    profile_onetoone=[],
    custom_user=["request.user", "LogEntry.user"],
    foreignkey=[],
    so_what=(
        "A proxy needs a login backend for request.user and is out of reach for relations; a "
        "custom user is the class everywhere."
    ),
    source=(
        'Django 5.2 docs, "Models", section "QuerySets still return the model that was requested"'
    ),
)
def test_objects_that_have_the_methods_of_our_class(alice, client, settings, monkeypatch):
    """A method on our class: do request.user and the user of an admin log entry have it?"""
    monkeypatch.setattr(PlayerModel, "greeting", lambda self: "Well met", raising=False)
    settings.ROOT_URLCONF = __name__
    client.force_login(alice)
    entry = LogEntry.objects.create(user=alice, action_flag=CHANGE)
    there = {
        "request.user": client.get("/may-greet").content == b"True",
        "LogEntry.user": hasattr(LogEntry.objects.get(pk=entry.pk).user, "greeting"),
    }
    return [name for name, has_it in there.items() if has_it]


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="ValueError",
    so_what=(
        "in_bulk() wants a unique field, which a ForeignKey is not; by a OneToOneField ask for "
        'user_id, as field_name="user" makes user objects the keys, one query each.'
    ),
    source='Django 5.2 docs, "QuerySet API reference", section "in_bulk()"',
)
def test_extras_of_many_users_by_in_bulk(alice):
    """Does in_bulk() give the extras of many users, by the ids of these users?"""
    people = PlayerModel.objects.filter(birthdate=ALICE["birthdate"])
    key = "pk" if PlayerModel is User else "user_id"
    return outcome(lambda: people.in_bulk([alice.pk], field_name=key)[alice.pk])


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    source=docs("Making queries", "Filters can reference fields on the model"),
)
def test_joins_to_compare_username_and_discord_id(alice, statements):
    """How many joins does it take to find users whose Discord ID is their username?"""
    assert alice not in User.objects.filter(**{path("discord_id"): F("username")})
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["LEFT OUTER JOIN person"],
    custom_user=[],
    foreignkey=["LEFT OUTER JOIN person"],
    source=docs("Aggregation", "Joins and aggregates"),
)
def test_join_to_count_users_per_birth_year(alice, statements):
    """Which join does it take to count users per year of birth?"""
    year = path("birthdate__year")
    assert User.objects.values(year).annotate(users=Count("pk")).get(**{year: 2010})["users"]
    return joined(statements)


def groups_and_extras_counted(user):
    """Both counts, made by one query, for a user who is put into two groups."""
    user.groups.add(*[Group.objects.create(name=name) for name in ("elves", "dwarves")])
    counts = User.objects.annotate(of_groups=Count("groups"), of_extras=Count(path("birthdate")))
    return list(counts.values_list("of_groups", "of_extras").get(pk=user.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[2, 2],
    custom_user=[2, 2],
    foreignkey=[2, 2],
    mark="surprising",
    so_what=(
        "True is [2, 1]: the join with the groups repeats each player, so a second count is "
        "wrong in all approaches."
    ),
    source='Django 5.2 docs, "Aggregation", section "Combining multiple aggregations"',
)
def test_two_counts_in_one_query(alice):
    """What do Count("groups") and Count(<birthdate>) say together of a user in two groups?"""
    return groups_and_extras_counted(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=[4, 4],
    mark="surprising",
    so_what="True is [2, 2]: with two to-many relations both numbers are products.",
    source='Django 5.2 docs, "Aggregation", section "Combining multiple aggregations"',
)
def test_two_counts_in_one_query_with_two_rows(alice):
    """What do both counts say of a user in two groups who owns two extras rows?"""
    person_class().objects.create(user=alice, birthdate=date(1980, 1, 1))
    return groups_and_extras_counted(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[0, 1],
    custom_user=CANNOT,
    foreignkey=[0, 1],
    mark="known",
    source=(
        'Django 5.2 docs, "Database access optimization", section "Use foreign key values directly"'
    ),
)
def test_queries_for_the_id_of_the_user(alice, statements):
    """How many queries do person.user_id and then person.user.pk take?"""
    person = person_class().objects.get(user=alice)
    statements.clear()
    assert person.user_id == alice.pk
    without_the_user = len(statements)
    assert person.user.pk == alice.pk
    return [without_the_user, len(statements) - without_the_user]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=CANNOT,
    foreignkey=0,
    source="Django 5.2 source, django.db.models.fields.related_descriptors",
)
def test_queries_to_go_to_the_extras_and_back(alice, statements):
    """How many more queries does the way back from the extras row to its user take?"""
    person = row_of(alice)
    statements.clear()
    assert person.user.username == "alice"
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    so_what="Django hands the known user to the row it reads, so both ways see one object.",
    source="Django 5.2 source, django.db.models.fields.related_descriptors",
)
def test_way_back_gives_the_same_user_object(alice):
    """Does the way from a user to the extras row and back end at the same Python object?"""
    return row_of(alice).user is alice


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    source='Django 5.2 docs, "QuerySet API reference", section "only()"',
)
def test_queries_for_a_birthdate_left_out_by_only(alice, statements):
    """How many more queries does the birthdate take for a user loaded with only("username")?"""
    user = User.objects.only("username").get(pk=alice.pk)
    statements.clear()
    assert extras_of(user).birthdate
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=3,
    foreignkey=1,
    mark="surprising",
    so_what=(
        "A deferred column is fetched alone, so three extras on the user are three queries; a "
        "row of their own comes at once."
    ),
    source='Django 5.2 docs, "QuerySet API reference", section "defer()"',
)
def test_queries_for_all_extras_left_out_by_only(alice, statements):
    """How many more queries do all three extras take for a user loaded with only("username")?"""
    user = User.objects.only("username").get(pk=alice.pk)
    statements.clear()
    extras = extras_of(user)
    assert [extras.birthdate, extras.discord_id, extras.zoom_id] == list(ALICE.values())
    return len(statements)


@compare(
    proxy_model="PlayerManager",
    profile_onetoone="Manager",
    custom_user="UserManager",
    foreignkey="Manager",
    so_what="create_user() is there where the manager is a UserManager.",
    source=docs("Models", "Proxy model managers"),
)
def test_default_manager_of_our_class():
    """Which class is the default manager of our class (Player, Person, User)?"""
    return type(PlayerModel._default_manager).__name__


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="An ordering, a manager, a method: behaviour is what a proxy adds, and no column.",
    source='Django 5.2 docs, "Models", section "Proxy models"',
)
def test_plain_list_of_our_class_has_an_order():
    """Does objects.all() of our class, as this project has it, come in an order of its own?"""
    return PlayerModel.objects.all().ordered


@compare(
    proxy_model=["our class"],
    profile_onetoone=["our class"],
    custom_user=["our class", "User", "members of a group"],
    foreignkey=["our class"],
    so_what=(
        "On a custom user the ordering reaches into every list of users, also those of others; "
        "on a proxy or profile it stays with the class."
    ),
    source='Django 5.2 docs, "Model Meta options", section "ordering"',
)
def test_lists_ordered_by_meta_ordering(monkeypatch, statements):
    """Which lists of players come in the order that Meta.ordering of our class declares?"""
    monkeypatch.setattr(PlayerModel._meta, "ordering", ["-pk"])
    lists = {
        "our class": PlayerModel.objects.all(),
        "User": User.objects.all(),
        "members of a group": Group.objects.create(name="elves").user_set.all(),
    }
    statements.clear()
    assert [len(users) for users in lists.values()] == [0, 0, 0]
    return [name for name, sql in zip(lists, statements, strict=True) if "ORDER BY" in sql]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["bob", None],
    custom_user=CANNOT,
    foreignkey=["bob", None],
    source=docs("QuerySet API reference", "values_list()"),
)
def test_values_of_a_user_without_row():
    """What does values_list(username, birthdate) over users give if the extras row is missing?"""
    bob = without_person()
    return list(User.objects.values_list("username", path("birthdate")).get(pk=bob.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="ValueError",
    so_what="Prefetching, which a ForeignKey needs here, cannot stream without a chunk_size.",
    source=docs("QuerySet API reference", "iterator()") + "; Django ticket #29984",
)
def test_streaming_the_list_with_iterator(hundred):
    """Can the list of users with their extras be streamed by iterator(), without arguments?"""
    best = {"person_set": User.objects.prefetch_related("person_set")}
    users = best.get(REVERSE) or User.objects.select_related(*["person"] * hasattr(User, "person"))
    assert extras_of(User.objects.last()).birthdate
    return outcome(lambda: [extras_of(user).birthdate for user in users.iterator()])


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "A unique key proves that the join changes no row, so with a OneToOne an unused one is "
        "free."
    ),
    source="PostgreSQL 18 source, src/backend/optimizer/plan/analyzejoins.c",
)
def test_postgresql_leaves_out_the_join():
    """Does PostgreSQL leave out the join to the extras if a query uses none of their columns?"""
    users = User.objects.annotate(born=F("person__birthdate")).values("username")
    assert "JOIN" in str(users.query)
    return saw(sorted(re.findall(r" on (\w+)", users.explain(costs=False)))) == ["auth_user"]
