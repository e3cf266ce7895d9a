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

from suite.compare import CANNOT, code, compare, docs
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

# The attribute that leads from a user to the profile.
REVERSE = "person_set" if hasattr(User, "person_set") else "person"

# The template variable: {{ user.birthdate }}, {{ user.person.birthdate }} and so on.
ROW = {"person": "person", "person_set": "person_set.first"}[REVERSE]
BIRTHDATE = path("birthdate").replace("person__", f"{ROW}.").join(["{{ user.", " }}"])


@pytest.fixture
def hundred():
    """Register 100 users with different birthdates."""
    return enrolled_many(100)


def without_person():
    """Return Bob, a user without a profile row. Raise LookupError if the variant has no profile."""
    person_class()
    return without_row("bob")


def row_of(user):
    """Return the user's profile row. Raise AttributeError if the variant has no profile."""
    return user.person_set.first() if REVERSE == "person_set" else user.person


def users_with_extras():
    """Return [(user, extra fields)] for all users, with as few queries as the ORM allows."""
    if REVERSE == "person_set":
        users = User.objects.prefetch_related("person_set")
        return [(user, max(user.person_set.all(), key=attrgetter("pk"))) for user in users]
    if hasattr(User, "person"):
        return [(user, user.person) for user in User.objects.select_related("person")]
    return [(user, user) for user in User.objects.all()]


def joined(statements):
    """Return the joins of a statement, such as ["LEFT OUTER JOIN person"]."""
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
    fits=[1],
    costs=[2],
    so_what="With a profile, reading the extra fields takes a second query unless the first one "
    "joins the profile.",
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
    fits=[0],
    costs=[1],
    so_what="One join by a key is cheap. Forgetting the join is what costs: then each user takes "
    "one more query.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_joins_to_read_one_player_with_extras(alice, statements):
    """How many joins does it take to read a user with their birthdate?"""
    assert User.objects.values("username", path("birthdate")).get(pk=alice.pk)
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["LEFT OUTER JOIN person"],
    custom_user=[],
    foreignkey=["INNER JOIN auth_user"],
    fits=[["LEFT OUTER JOIN person"], []],
    costs=[["INNER JOIN auth_user"]],
    so_what=(
        "With a ForeignKey, select_related() goes from Person to User. That query leaves out "
        "users without a profile row."
    ),
    source=docs("QuerySet API reference", "select_related()"),
)
def test_join_that_reads_user_and_extras_as_objects(alice, statements):
    """Which join reads one user and their extra fields as objects in one query?"""
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
    fits=[1],
    fails=[101],
    top=True,
    so_what="With a profile, such a loop runs one query per user. With a custom user, the first "
    "query already fetches the birthdate.",
    source=docs("QuerySet API reference", "select_related()"),
)
def test_queries_of_a_naive_list(hundred, statements):
    """How many queries does a loop over 100 users run if it reads each birthdate?"""
    assert all(extras_of(user).birthdate for user in User.objects.all())
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    fits=[1],
    costs=[2],
    so_what=(
        "For a ForeignKey profile, prefetch_related() runs a second query, and Python code "
        "then chooses one of the rows."
    ),
    source=docs("QuerySet API reference", "prefetch_related()"),
)
def test_queries_of_a_list_at_best(hundred, statements):
    """select_related() or prefetch_related() loads 100 users and their extra fields as objects. How
    many queries run?"""
    assert all(extras.birthdate for _, extras in users_with_extras())
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=0,
    so_what="A OneToOne profile takes one join. A ForeignKey profile takes none, but a second "
    "query.",
    source=docs("QuerySet API reference", "select_related()"),
)
def test_joins_of_a_list_at_best(hundred, statements):
    """select_related() or prefetch_related() loads 100 users and their extra fields. How many joins
    do the queries contain?"""
    assert all(extras.birthdate for _, extras in users_with_extras())
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=CANNOT,
    foreignkey=102,
    mark="surprising",
    fits=[2],
    costs=[102],
    so_what="On a ForeignKey, person_set.first() sorts if the model has no ordering, and so "
    "runs a new query for each user. Choose from person_set.all() in Python.",
    source=docs("QuerySet API reference", "prefetch_related()"),
)
def test_queries_after_prefetching_the_extras(hundred, statements):
    """How many queries do 100 users take if you prefetch the profiles and then read one row
    each?"""
    for user in User.objects.prefetch_related(REVERSE):
        assert row_of(user).birthdate
    return len(statements)


@compare(
    proxy_model="FieldError",
    profile_onetoone="accepted",
    custom_user="FieldError",
    foreignkey="FieldError",
    fits=["accepted"],
    so_what=(
        'From the user\'s side, select_related("person") fetches a OneToOne profile. For a '
        "ForeignKey profile, use prefetch_related()."
    ),
    source=docs("QuerySet API reference", "select_related()"),
)
def test_select_related_from_user_to_extras():
    """What does User.objects.select_related("person") do?"""
    return outcome(lambda: list(User.objects.select_related("person")))


@compare(
    proxy_model=0,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    so_what="Without arguments, select_related() skips nullable and reverse relations. Name the "
    'profile: select_related("person").',
    source=docs("QuerySet API reference", "select_related()"),
)
def test_joins_of_bare_select_related_on_users(alice, statements):
    """How many joins does select_related() without arguments add to a list of users?"""
    assert alice in User.objects.select_related()
    return statements.joins()


@compare(
    proxy_model=0,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    so_what="Without arguments, select_related() follows a required ForeignKey, so it joins the "
    "user to each profile. Name the relations that you need.",
    source=docs("QuerySet API reference", "select_related()"),
)
def test_joins_of_bare_select_related_on_the_listed_class(alice, statements):
    """How many joins does select_related() without arguments add on the variant's own model
    (Player, Person, User)?"""
    assert list(PlayerModel.objects.select_related())
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["INNER JOIN person"],
    custom_user=[],
    foreignkey=["INNER JOIN person"],
    so_what="A filter on a profile's field uses an inner join, so users without a profile row drop "
    "out.",
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
    so_what="Sorting uses a LEFT JOIN, so users without a profile row stay in the list.",
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
    so_what="PostgreSQL sorts NULL last in ascending order, in every approach. Use "
    "F(...).asc(nulls_first=True) for the opposite.",
    source="PostgreSQL 18 docs, 7.5. Sorting Rows (ORDER BY)",
)
def test_place_of_players_without_a_birthdate(alice):
    """Alice was born in 2010, Zoe in 2011, Bob gave no birthdate. In which order does
    order_by(<birthdate>) list them?"""
    enrolled("bob")
    enrolled("zoe", birthdate=date(2011, 1, 1))
    users = User.objects.filter(username__in=["alice", "bob", "zoe"])
    return list(users.order_by(path("birthdate")).values_list("username", flat=True))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=CANNOT,
    foreignkey=False,
    costs=[False],
    so_what="A list that starts from the profile silently leaves out users without a row. Start "
    "from User.",
)
def test_list_of_extras_shows_users_without_row():
    """A list of profile rows is sorted by birthdate. Does it show a user without a profile row?"""
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
    so_what="For isnull=True Django uses a LEFT JOIN, so an empty birthdate and a missing row look "
    "the same.",
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_no_birthdate_finds_users_without_row():
    """Does filtering users by birthdate__isnull=True also find users without a profile row?"""
    bob = without_person()
    return bob in User.objects.filter(**{path("birthdate__isnull"): True})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["LEFT OUTER JOIN person"],
    custom_user=[],
    foreignkey=["NOT (EXISTS(SELECT"],
    mark="surprising",
    fits=[["LEFT OUTER JOIN person"], []],
    so_what="With a ForeignKey, exclude() adds a subquery, because one matching row of several is "
    "enough to exclude a user.",
    source=code("django.db.models.sql.query.Query.split_exclude"),
)
def test_sql_to_exclude_a_discord_id(alice, statements):
    """Which join or subquery does exclude(discord_id=...) on users contain?"""
    assert alice in User.objects.exclude(**{path("discord_id"): "1"})
    return joined(statements) + re.findall(r"NOT \(EXISTS\(SELECT", *statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what="Django's exclude() keeps rows with NULL. A plain <> in SQL does not.",
    source=code("django.db.models.sql.query.Query.build_filter"),
)
def test_exclude_keeps_users_without_a_discord_id():
    """Does exclude(discord_id="1") keep users who gave no Discord ID?"""
    return enrolled("bob") in User.objects.exclude(**{path("discord_id"): "1"})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    fits=[True],
    so_what="exclude() also keeps users without a profile row. Add a filter on the relation if you "
    "do not want them.",
    source=code("django.db.models.sql.query.Query.build_filter"),
)
def test_exclude_keeps_users_without_row():
    """Does exclude(discord_id="1") keep users without a profile row?"""
    return without_person() in User.objects.exclude(**{path("discord_id"): "1"})


def minors():
    return User.objects.filter(**{path("birthdate__gte"): date(2009, 1, 1)})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=2,
    mark="surprising",
    fits=[0, 1],
    costs=[2],
    so_what="With a ForeignKey, each filter() call joins the profile table again. Put both "
    "conditions into one filter() call.",
    source=docs("Making queries", "Spanning multi-valued relationships"),
)
def test_joins_of_two_filters_on_extras(alice, statements):
    """How many joins does filter(birthdate=...).filter(discord_id=...) make on users?"""
    assert alice in minors().filter(**{path("discord_id"): ALICE["discord_id"]})
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=True,
    mark="surprising",
    costs=[True],
    so_what="With a ForeignKey, chained filters can match different rows of one user. Put all "
    "conditions into one filter() call.",
    source=docs("Making queries", "Spanning multi-valued relationships"),
)
def test_two_filters_match_across_two_rows(alice):
    """Each of two profile rows fits one of two chained filters. Do the filters find their user?"""
    person_class().objects.create(user=alice, birthdate=date(1980, 1, 1), discord_id="2")
    return alice in minors().filter(**{path("discord_id"): "2"})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=False,
    so_what="One filter() call demands that a single row fits all conditions.",
    source=docs("Making queries", "Spanning multi-valued relationships"),
)
def test_one_filter_matches_across_two_rows(alice):
    """Each of two profile rows fits one of two conditions. Does a single filter() find their
    user?"""
    person_class().objects.create(user=alice, birthdate=date(1980, 1, 1), discord_id="2")
    both = {path("birthdate__gte"): date(2009, 1, 1), path("discord_id"): "2"}
    return alice in User.objects.filter(**both)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=4,
    custom_user=3,
    foreignkey=5,
    so_what="only() always adds the primary key of each object, so a second table adds a key. Use "
    "values() if you need no objects.",
    source=docs("QuerySet API reference", "only()"),
)
def test_columns_fetched_by_only(alice, statements):
    """How many columns does only() fetch for the username and the birthdate, as objects?"""
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
    so_what=(
        "Without select_related(), only() with a profile field does not fetch the profile, "
        "and it defers the user's own columns. Use values() instead."
    ),
    source=docs("QuerySet API reference", "only()"),
)
def test_queries_after_only_without_select_related(alice, statements):
    """How many queries read username and birthdate after User.objects.only(<the birthdate>)?"""
    user = User.objects.only(path("birthdate")).get(pk=alice.pk)
    assert user.username
    assert extras_of(user).birthdate
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["username", "person__birthdate"],
    custom_user=["username", "birthdate"],
    foreignkey=["username", "person__birthdate"],
    so_what="The keys show where the extra fields are stored. If you move the fields later, rename "
    "the keys with F() or change the templates.",
    source=docs("QuerySet API reference", "values()"),
)
def test_keys_of_values(alice):
    """Which keys does values() return for a user's username and birthdate?"""
    return list(User.objects.values("username", path("birthdate")).get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    mark="known",
    fits=[0],
    costs=[1],
    so_what="Counting users by a profile's field takes a join. Count Person rows instead if each "
    "user has at most one.",
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_joins_to_count_users_by_birthdate(alice, statements):
    """How many joins does it take to count the users born after a given day?"""
    assert minors().count() >= 1
    assert len(statements) == 1
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    fits=[0],
    so_what="A count that starts from the model with the birthdate needs no join.",
)
def test_joins_to_count_extras_by_birthdate(alice, statements):
    """How many joins does counting birthdates take from the model that has the birthdate (Person or
    User)?"""
    assert PlayerModel.objects.filter(birthdate__gte=date(2009, 1, 1)).count() >= 1
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    fits=[0],
    costs=[1],
    so_what="Ask Person.objects.filter(user=user, ...).exists(). Then a profile needs no join "
    "either.",
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_joins_to_ask_whether_a_user_gave_a_birthdate(alice, statements):
    """exists() on the users checks whether one of them gave a birthdate. How many joins does it
    use?"""
    assert User.objects.filter(pk=alice.pk, **{path("birthdate__isnull"): False}).exists()
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=2,
    mark="surprising",
    costs=[2],
    so_what="Over a ForeignKey, count() counts matching rows, not users. Add distinct().",
    source=docs("Making queries", "Spanning multi-valued relationships"),
)
def test_count_of_a_user_with_two_rows(alice):
    """One user has two profile rows that match a filter. How many does count() on users return?"""
    person_class().objects.create(user=alice, birthdate=ALICE["birthdate"])
    return minors().filter(pk=alice.pk).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    so_what=(
        "With OneToOneField(primary_key=True), one id in a URL finds the user and the profile. A "
        "ForeignKey profile has ids of its own."
    ),
    source=docs("Model field reference", "OneToOneField"),
)
def test_extras_are_found_by_the_id_of_the_user():
    """Does get(pk=user.pk) find the row with that user's extra fields?"""
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
    costs=[["person_set: RelatedManager"]],
    so_what="A OneToOneField gives you the profile as user.person. A ForeignKey gives you a "
    "manager, user.person_set.",
    source=docs("Making queries", "One-to-one relationships")
    + "; "
    + docs("Making queries", "Following relationships “backward”"),
)
def test_attributes_that_lead_from_user_to_extras(alice):
    """Which attribute of a user leads to the extra fields, and of which class is it?"""
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
    fits=[2],
    costs=[3],
    so_what="With a profile, a page that shows extra fields runs one more query, unless your login "
    "backend joins the profile.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_queries_of_a_page_that_shows_the_birthdate(alice, client, settings, statements):
    """How many queries does a page run that shows the logged-in user's birthdate?"""
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
    so_what="Django's templates hide ObjectDoesNotExist, so a missing profile row shows as empty "
    "text and causes no error.",
    source=docs("The Django template language: for Python programmers", "Variables and lookups"),
)
def test_template_that_shows_a_missing_row():
    """What does a template show for the birthdate of a user without a profile row?"""
    return Template(BIRTHDATE).render(Context({"user": without_person()}))


@compare(
    proxy_model="",
    profile_onetoone="None",
    custom_user="None",
    foreignkey="None",
    so_what="A template prints NULL as None. Use the default_if_none filter. A missing attribute "
    "prints nothing, which hides mistakes.",
    source=docs(
        "The Django template language: for Python programmers", "How invalid variables are handled"
    ),
)
def test_template_that_shows_an_empty_birthdate():
    """What does a template show for the birthdate of a user who gave none?"""
    return Template(BIRTHDATE).render(Context({"user": enrolled("bob")}))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=CANNOT,
    foreignkey=True,
    so_what='hasattr(user, "person") detects a missing OneToOne profile. With a ForeignKey, use '
    "user.person_set.exists().",
    source=docs("One-to-one relationships"),
)
def test_hasattr_for_a_user_without_row():
    """Does hasattr() find the profile attribute of a user without a profile row?"""
    return hasattr(without_person(), REVERSE)


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"first check": 1, "second check": 0},
    custom_user=CANNOT,
    foreignkey={"first check": 0, "second check": 0},
    so_what="Django remembers that a OneToOne profile is missing, so the second check runs no "
    "query.",
    source=code("django.db.models.fields.related_descriptors.ReverseOneToOneDescriptor"),
)
def test_queries_of_hasattr(statements):
    """A user has no profile row. How many queries do two hasattr() checks run?"""
    bob = without_person()
    statements.clear()
    hasattr(bob, REVERSE)
    first = len(statements)
    hasattr(bob, REVERSE)
    return {"first check": first, "second check": len(statements) - first}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=CANNOT,
    foreignkey=CANNOT,
    so_what="select_related() also tells Django that a profile is missing, so the check runs no "
    "further query.",
    source=docs("QuerySet API reference", "select_related()"),
)
def test_queries_for_a_missing_row_after_select_related(statements):
    """A user without a profile row is read with select_related("person"). How many queries does
    hasattr() add?"""
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
    so_what="Other models' relations return the user model, not your proxy. The methods of a proxy "
    "are missing on those objects.",
    source=docs("Models", "QuerySets still return the model that was requested"),
)
def test_classes_of_what_is_read(alice):
    """Which classes do the variant's own model, User.objects and a ForeignKey to User return for a
    user?"""
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
    fits=[["request.user", "LogEntry.user"]],
    costs=[["request.user"]],
    so_what="With a login backend of your own, request.user can be a proxy. Relations still "
    "return auth.User. A custom user's methods are on both.",
    source=docs("Models", "QuerySets still return the model that was requested"),
)
def test_objects_that_have_the_methods_of_our_class(alice, client, settings, monkeypatch):
    """Player, Person or User defines a method. Which of request.user and LogEntry.user have it?"""
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
    fits=["accepted"],
    so_what="in_bulk() needs a unique field, and a ForeignKey is not unique. With a OneToOneField "
    'use field_name="user_id".',
    source=docs("QuerySet API reference", "in_bulk()"),
)
def test_extras_of_many_users_by_in_bulk(alice):
    """What does in_bulk() do if you look up extra fields by user ids?"""
    people = PlayerModel.objects.filter(birthdate=ALICE["birthdate"])
    key = "pk" if PlayerModel is User else "user_id"
    return outcome(lambda: people.in_bulk([alice.pk], field_name=key)[alice.pk])


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    fits=[0],
    costs=[1],
    so_what="A comparison of a user's field with a profile's field needs a join.",
    source=docs("Making queries", "Filters can reference fields on the model"),
)
def test_joins_to_compare_username_and_discord_id(alice, statements):
    """How many joins does it take to find users whose Discord ID equals their username?"""
    assert alice not in User.objects.filter(**{path("discord_id"): F("username")})
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["LEFT OUTER JOIN person"],
    custom_user=[],
    foreignkey=["LEFT OUTER JOIN person"],
    so_what="Grouping uses a LEFT JOIN, so users without a profile row are counted in the group "
    "without a year.",
    source=docs("Aggregation", "Joins and aggregates"),
)
def test_join_to_count_users_per_birth_year(alice, statements):
    """Which join does it take to count users per year of birth?"""
    year = path("birthdate__year")
    assert User.objects.values(year).annotate(users=Count("pk")).get(**{year: 2010})["users"]
    return joined(statements)


def groups_and_extras_counted(user):
    """Put the user into two groups. Return both counts, from one query."""
    user.groups.add(*[Group.objects.create(name=name) for name in ("elves", "dwarves")])
    counts = User.objects.annotate(of_groups=Count("groups"), of_extras=Count(path("birthdate")))
    return list(counts.values_list("of_groups", "of_extras").get(pk=user.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[2, 2],
    custom_user=[2, 2],
    foreignkey=[2, 2],
    mark="surprising",
    costs=[[2, 2]],
    so_what="The join with the groups repeats the user, so the second count is wrong. Add "
    "distinct=True or use two queries.",
    source=docs("Aggregation", "Combining multiple aggregations"),
)
def test_two_counts_in_one_query(alice):
    """A user has two groups and one birthdate. What do Count("groups") and Count(<birthdate>)
    return together?"""
    return groups_and_extras_counted(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=[4, 4],
    mark="surprising",
    costs=[[4, 4]],
    so_what="Two joins to many rows multiply both counts. Count primary keys with distinct=True.",
    source=docs("Aggregation", "Combining multiple aggregations"),
)
def test_two_counts_in_one_query_with_two_rows(alice):
    """A user has two groups and two profile rows. What do Count("groups") and Count(<birthdate>)
    return together?"""
    person_class().objects.create(user=alice, birthdate=date(1980, 1, 1))
    return groups_and_extras_counted(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"person.user_id": 0, "person.user.pk": 1},
    custom_user=CANNOT,
    foreignkey={"person.user_id": 0, "person.user.pk": 1},
    mark="known",
    so_what="Use person.user_id if you need only the id. It is already in the profile row.",
    source=docs("Database access optimization", "Use foreign key values directly"),
)
def test_queries_for_the_id_of_the_user(alice, statements):
    """How many queries do person.user_id and person.user.pk run?"""
    person = person_class().objects.get(user=alice)
    statements.clear()
    assert person.user_id == alice.pk
    by_id = len(statements)
    assert person.user.pk == alice.pk
    return {"person.user_id": by_id, "person.user.pk": len(statements) - by_id}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=CANNOT,
    foreignkey=0,
    so_what="Django links both objects when it reads the profile through its user, so person.user "
    "is free.",
    source=code("django.db.models.fields.related_descriptors"),
)
def test_queries_to_go_to_the_extras_and_back(alice, statements):
    """A profile row was read through its user. How many queries does person.user run?"""
    person = row_of(alice)
    statements.clear()
    assert person.user.username == "alice"
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    so_what="A profile that you reach through its user points back to the same object, so both see "
    "the same changes.",
    source=code("django.db.models.fields.related_descriptors"),
)
def test_way_back_gives_the_same_user_object(alice):
    """Is user.person.user the same Python object as user?"""
    return row_of(alice).user is alice


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what="A deferred column and an unread profile both cost one more query.",
    source=docs("QuerySet API reference", "only()"),
)
def test_queries_for_a_birthdate_left_out_by_only(alice, statements):
    """A user was loaded with only("username"). How many more queries does their birthdate take?"""
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
    fits=[1],
    costs=[3],
    so_what="Django fetches each deferred column with a query of its own. A profile row comes with "
    "one query.",
    source=docs("QuerySet API reference", "defer()"),
)
def test_queries_for_all_extras_left_out_by_only(alice, statements):
    """A user was loaded with only("username"). How many more queries do all three extra fields
    take?"""
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
    so_what=(
        "create_user() comes from UserManager. The manager of a profile has it only if you write "
        "it."
    ),
    source=docs("Models", "Proxy model managers"),
)
def test_default_manager_of_our_class():
    """Which class is the default manager of the variant's own model (Player, Person or User)?"""
    return type(PlayerModel._default_manager).__name__


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="A proxy can add an ordering, a manager and methods to the user, but no column.",
    source=docs("Models", "Proxy models"),
)
def test_plain_list_of_our_class_has_an_order():
    """Does objects.all() of the variant's own model (Player, Person or User) have a default order
    here?"""
    return PlayerModel.objects.all().ordered


@compare(
    proxy_model=["the variant's own model"],
    profile_onetoone=["the variant's own model"],
    custom_user=["the variant's own model", "User", "members of a group"],
    foreignkey=["the variant's own model"],
    so_what=(
        "Meta.ordering of a custom user sorts lists of users without order_by(), even in "
        "other apps. On a proxy or profile it sorts lists of that model."
    ),
    source=docs("Model Meta options", "ordering"),
)
def test_lists_ordered_by_meta_ordering(monkeypatch, statements):
    """The variant's own model (Player, Person or User) sets Meta.ordering. Which lists follow that
    order?"""
    monkeypatch.setattr(PlayerModel._meta, "ordering", ["-pk"])
    lists = {
        "the variant's own model": PlayerModel.objects.all(),
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
    so_what="values_list() uses a LEFT JOIN and returns None for a missing profile row. It raises "
    "no error.",
    source=docs("QuerySet API reference", "values_list()"),
)
def test_values_of_a_user_without_row():
    """What does values_list("username", <birthdate>) return for a user without a profile row?"""
    bob = without_person()
    return list(User.objects.values_list("username", path("birthdate")).get(pk=bob.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="ValueError",
    fits=["accepted"],
    costs=["ValueError"],
    so_what="A ForeignKey profile needs prefetch_related(), and iterator() then demands a "
    "chunk_size.",
    source=docs("QuerySet API reference", "iterator()") + "; Django ticket #29984",
)
def test_streaming_the_list_with_iterator(hundred):
    """What does iterator() without arguments do on users with their extra fields?"""
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
    fits=[True],
    costs=[False],
    so_what="PostgreSQL can drop an unused LEFT JOIN if a unique index shows that each user "
    "matches at most one row.",
    source="PostgreSQL 18 source, src/backend/optimizer/plan/analyzejoins.c",
)
def test_postgresql_leaves_out_the_join():
    """A query joins the profile but uses none of its columns. Does PostgreSQL leave out the
    join?"""
    users = User.objects.annotate(born=F("person__birthdate")).values("username")
    assert "JOIN" in str(users.query)
    return saw(sorted(re.findall(r" on (\w+)", users.explain(costs=False)))) == ["auth_user"]
