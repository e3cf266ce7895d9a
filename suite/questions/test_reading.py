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
    so_what=(
        'For a OneToOne profile, get the user with select_related("person"). Otherwise reading an '
        "extra field takes a second query."
    ),
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
    so_what=(
        "Do not reject a profile because of one join: a join on an indexed key is cheap. Leaving "
        "out the join costs one more query for each user."
    ),
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
        "With a ForeignKey profile, select_related() works from Person to User, which leaves out "
        "users without a row. To keep those users, use prefetch_related() on User."
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
    so_what=(
        "With a profile, a loop that reads an extra field of each user runs one query per user. "
        "Use select_related() (OneToOneField) or prefetch_related() (ForeignKey)."
    ),
    source=docs("QuerySet API reference", "select_related()"),
)
def test_queries_of_a_naive_list(hundred, statements):
    """A loop over 100 users from User.objects.all() reads each birthdate. How many queries does it
    run?"""
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
        "To list users with a ForeignKey profile, call prefetch_related(), which runs a second "
        "query. Then choose one of each user's rows in Python."
    ),
    source=docs("QuerySet API reference", "prefetch_related()"),
)
def test_queries_of_a_list_at_best(hundred, statements):
    """select_related() or prefetch_related() loads 100 users and their extra fields as objects,
    starting from User. How many queries run?"""
    assert all(extras.birthdate for _, extras in users_with_extras())
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=0,
    so_what=(
        "To list users with profiles, use select_related() for a OneToOneField, which adds one "
        "join. For a ForeignKey, use prefetch_related(), which runs a second query instead."
    ),
    source=docs("QuerySet API reference", "select_related()"),
)
def test_joins_of_a_list_at_best(hundred, statements):
    """select_related() or prefetch_related() loads 100 users and their extra fields, starting from
    User. How many joins do the queries contain?"""
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
    so_what=(
        "After prefetch_related(), do not call person_set.first(): without Meta.ordering it sorts "
        "by primary key, which runs a query for each user. Choose from person_set.all() in "
        "Python."
    ),
    source=docs("QuerySet API reference", "prefetch_related()"),
)
def test_queries_after_prefetching_the_extras(hundred, statements):
    """Code prefetches 100 users' profiles, then reads user.person or user.person_set.first() of
    each user. How many queries does it run?"""
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
        'From User, call select_related("person") for a OneToOne profile. For a ForeignKey '
        'profile it raises FieldError, so call prefetch_related("person_set") instead.'
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
    so_what=(
        "Without arguments, select_related() skips nullable and reverse relations. Name a "
        'OneToOne profile: select_related("person").'
    ),
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
    so_what=(
        "Name the relations that you need in select_related(). Without arguments, it follows each "
        "required ForeignKey or OneToOneField, so a list of profiles also joins the users."
    ),
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
    so_what=(
        "filter(person__birthdate=<a date>) uses an INNER JOIN and skips users without a profile "
        "row. To find those users, filter with person=None."
    ),
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
    so_what=(
        "Sorting users by a profile's field keeps users without a row, because order_by() uses a "
        "LEFT JOIN. With a ForeignKey, a user with two rows appears twice."
    ),
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
    so_what=(
        "PostgreSQL sorts NULL last in ascending order, in every approach. To list users without "
        "a value first, use F(...).asc(nulls_first=True)."
    ),
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
    so_what=(
        "To list all users, start from User. A list that starts from the profile leaves out users "
        "without a row and raises no error."
    ),
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
    so_what=(
        "filter(person__birthdate__isnull=True) finds users with an empty birthdate and users "
        "without a profile row. To leave out the users without a row, add person__isnull=False."
    ),
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
    so_what=(
        "With a ForeignKey profile, expect exclude() to drop a user if any of the user's rows "
        "matches, even an old one. exclude() needs a subquery for that."
    ),
    source=code("django.db.models.sql.query.Query.split_exclude"),
)
def test_sql_to_exclude_a_discord_id(alice, statements):
    """User.objects.exclude() excludes users by a Discord ID. Which join or subquery does the SQL
    contain?"""
    assert alice in User.objects.exclude(**{path("discord_id"): "1"})
    return joined(statements) + re.findall(r"NOT \(EXISTS\(SELECT", *statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what=(
        "In SQL, write IS DISTINCT FROM instead of <> to keep rows with NULL, as Django's "
        'exclude(discord_id="1") does.'
    ),
    source=code("django.db.models.sql.query.Query.build_filter"),
)
def test_exclude_keeps_users_without_a_discord_id():
    """Some users gave no Discord ID. Does exclude(discord_id="1") keep them?"""
    return enrolled("bob") in User.objects.exclude(**{path("discord_id"): "1"})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    fits=[True],
    so_what=(
        "exclude() on a profile's field also keeps users without a row. To drop these users, add "
        "filter(person__isnull=False), and with a ForeignKey also distinct()."
    ),
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
    so_what=(
        "Put all conditions on a ForeignKey profile into one filter() call. Each further filter() "
        "call joins the profile table again."
    ),
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
    """A user has two profile rows. One row matches the first of two chained filter() calls, the
    other row the second. Is the user found?"""
    person_class().objects.create(user=alice, birthdate=date(1980, 1, 1), discord_id="2")
    return alice in minors().filter(**{path("discord_id"): "2"})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=False,
    so_what=(
        "Put conditions that the same profile row is to meet into one filter() call. With a "
        "ForeignKey, chained filter() calls can match different rows."
    ),
    source=docs("Making queries", "Spanning multi-valued relationships"),
)
def test_one_filter_matches_across_two_rows(alice):
    """A user has two profile rows. One row matches the first condition of a filter() call, the
    other row the second. Is the user found?"""
    person_class().objects.create(user=alice, birthdate=date(1980, 1, 1), discord_id="2")
    both = {path("birthdate__gte"): date(2009, 1, 1), path("discord_id"): "2"}
    return alice in User.objects.filter(**both)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=4,
    custom_user=3,
    foreignkey=5,
    so_what=(
        "only() also fetches the primary keys, and with select_related() the foreign key that "
        "joins the tables. Use values() if you need no objects."
    ),
    source=docs("QuerySet API reference", "only()"),
)
def test_columns_fetched_by_only(alice, statements):
    """One query reads users and extra fields as objects, with only() for username and birthdate.
    How many columns does it fetch?"""
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
        'In only(), name each field that you read, and add select_related("person") for a '
        "OneToOne profile. A field left out costs a query. Or use values()."
    ),
    source=docs("QuerySet API reference", "only()"),
)
def test_queries_after_only_without_select_related(alice, statements):
    """A queryset uses only("birthdate") or only("person__birthdate"). How many queries do one
    user's username and birthdate take?"""
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
        "The keys of values() show where the extra fields are stored. With a profile, name the "
        'keys yourself for your templates: values(birthdate=F("person__birthdate")).'
    ),
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
    so_what=(
        "Counting users by a profile's field takes a join. Count Person rows instead if each user "
        "has at most one profile row."
    ),
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
    so_what=(
        "To count birthdates without a join, start from the model that has the field: Person or a "
        "custom User."
    ),
)
def test_joins_to_count_extras_by_birthdate(alice, statements):
    """Code counts the birthdates after a given day, starting from the model that has the field. How
    many joins does it use?"""
    assert PlayerModel.objects.filter(birthdate__gte=date(2009, 1, 1)).count() >= 1
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    fits=[0],
    costs=[1],
    so_what=(
        "To check a field of one user's profile, start from Person: "
        "Person.objects.filter(user=user, birthdate__isnull=False).exists(). The query then needs "
        "no join."
    ),
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_joins_to_ask_whether_a_user_gave_a_birthdate(alice, statements):
    """User.objects.filter(...).exists() checks whether one given user has a birthdate. How many
    joins does the query use?"""
    assert User.objects.filter(pk=alice.pk, **{path("birthdate__isnull"): False}).exists()
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=2,
    mark="surprising",
    costs=[2],
    so_what=(
        "If a filter on users goes over a ForeignKey profile, add distinct() before count(). "
        "Otherwise count() counts matching profile rows, not users."
    ),
    source=docs("Making queries", "Spanning multi-valued relationships"),
)
def test_count_of_a_user_with_two_rows(alice):
    """One user has two profile rows that match a filter on users. Which number does count()
    return?"""
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
        "With OneToOneField(primary_key=True), one id in a URL finds the user and the profile. "
        "Look up a ForeignKey profile by user_id, because it has its own ids."
    ),
    source=docs("Model field reference", "OneToOneField"),
)
def test_extras_are_found_by_the_id_of_the_user():
    """Does get(pk=user.pk) on the model with the extra fields find the row of that user?"""
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
    so_what=(
        "Read a OneToOne profile as user.person. A ForeignKey gives you a manager, "
        "user.person_set, so choose one of its rows."
    ),
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
    so_what=(
        "With a profile, a page that shows extra fields runs one more query. To avoid that query, "
        "get_user() of your own authentication backend can join a OneToOne profile."
    ),
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
    so_what=(
        "By default, a template shows a missing profile row as empty text and raises no error. To "
        "notice missing rows, query with User.objects.filter(person=None)."
    ),
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
    so_what=(
        "A template prints NULL as None, so use the default_if_none filter. A missing attribute "
        "prints nothing by default, which hides spelling mistakes."
    ),
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
    """A user has no profile row. Does hasattr() find the attribute user.person (OneToOneField) or
    user.person_set (ForeignKey)?"""
    return hasattr(without_person(), REVERSE)


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"first check": 1, "second check": 0},
    custom_user=CANNOT,
    foreignkey={"first check": 0, "second check": 0},
    so_what=(
        'You need not store the result of hasattr(user, "person"). The user object remembers that '
        "a OneToOne profile is missing, so a second check runs no query."
    ),
    source=code("django.db.models.fields.related_descriptors.ReverseOneToOneDescriptor"),
)
def test_queries_of_hasattr(statements):
    """A user has no profile row. Code checks hasattr() for user.person or user.person_set twice.
    How many queries do these checks run?"""
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
    so_what=(
        'To check many users for a OneToOne profile, use select_related("person"). Django then '
        'knows which profiles are missing, and hasattr(user, "person") runs no query.'
    ),
    source=docs("QuerySet API reference", "select_related()"),
)
def test_queries_for_a_missing_row_after_select_related(statements):
    """A user without a profile row is read with select_related("person"). How many queries does
    hasattr(user, "person") add?"""
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
    so_what=(
        "Do not expect a proxy's methods on users that you reach through other models, such as "
        "LogEntry.user. These relations return the user model, not your proxy."
    ),
    source=docs("Models", "QuerySets still return the model that was requested"),
)
def test_classes_of_what_is_read(alice):
    """Code reads an object through the variant's own model (Player, Person or User), through User
    and through LogEntry.user. Which classes do the three objects have?"""
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
    so_what=(
        "Put methods that all code needs on a custom user. A proxy's methods are on request.user "
        "if your authentication backend returns the proxy, but not on LogEntry.user."
    ),
    source=docs("Models", "QuerySets still return the model that was requested"),
)
def test_objects_that_have_the_methods_of_our_class(alice, client, settings, monkeypatch):
    """The variant's own model (Player, Person or User) defines a method. Which of request.user and
    LogEntry.user have it?"""
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
    so_what=(
        'For a OneToOne profile, call in_bulk(ids, field_name="user_id"). A ForeignKey is not '
        "unique, so in_bulk() raises ValueError: use filter(user_id__in=ids) instead."
    ),
    source=docs("QuerySet API reference", "in_bulk()"),
)
def test_extras_of_many_users_by_in_bulk(alice):
    """What happens if you look up the extra fields of many users by user id with in_bulk()?"""
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
    so_what=(
        "Comparing a user's field with a profile's field needs a join. If PostgreSQL is to "
        "enforce a CHECK on both fields, put them into one table."
    ),
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
    so_what=(
        "Grouping by a profile's field uses a LEFT JOIN, so users without a row count in the "
        "group without a year. To leave them out, call filter(person__isnull=False) first."
    ),
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
    so_what=(
        "Joining the groups repeats each user's row, so a second Count() can be too high. Count a "
        "primary key with distinct=True, or use two queries."
    ),
    source=docs("Aggregation", "Combining multiple aggregations"),
)
def test_two_counts_in_one_query(alice):
    """A user has two groups and one birthdate. What do Count("groups") and Count(<birthdate>)
    return in one query?"""
    return groups_and_extras_counted(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=CANNOT,
    foreignkey=[4, 4],
    mark="surprising",
    costs=[[4, 4]],
    so_what=(
        "Joining groups and ForeignKey profiles in one query multiplies the two counts. Count "
        'primary keys with distinct=True, such as Count("person", distinct=True).'
    ),
    source=docs("Aggregation", "Combining multiple aggregations"),
)
def test_two_counts_in_one_query_with_two_rows(alice):
    """A user has two groups and two profile rows. What do Count("groups") and Count(<birthdate>)
    return in one query?"""
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
    """A profile was loaded without its user. How many queries do person.user_id and person.user.pk
    run?"""
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
    so_what=(
        'If you read a profile through its user, you need no select_related("user"). Django '
        "already links the profile to that user, so person.user runs no query."
    ),
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
    so_what=(
        "Change either user or user.person.user: they are the same Python object. The same holds "
        "for the user of a profile from user.person_set."
    ),
    source=code("django.db.models.fields.related_descriptors"),
)
def test_way_back_gives_the_same_user_object(alice):
    """Code reads a user's profile through the user. Is the user attribute of this profile the same
    Python object as user?"""
    return row_of(alice).user is alice


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "In only(), name each field that you will read later. Reading a deferred column costs one "
        "more query, and so does reading a profile that was not fetched."
    ),
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
    so_what=(
        "Do not defer columns that you read later: Django fetches each with its own query. All "
        "fields of a profile row come with one query."
    ),
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
        "Call create_user() on the user model, or on a proxy whose manager is a UserManager. A "
        "profile's manager has no create_user() unless you write it."
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
    so_what=(
        "Use a proxy to give Django's user a default ordering, a manager or methods of your own. "
        "A proxy cannot add a column."
    ),
    source=docs("Models", "Proxy models"),
)
def test_plain_list_of_our_class_has_an_order():
    """Player, a proxy, sets Meta.ordering; Person and the custom User do not. Does the variant's
    objects.all() have a default order?"""
    return PlayerModel.objects.all().ordered


@compare(
    proxy_model=["the variant's own model"],
    profile_onetoone=["the variant's own model"],
    custom_user=["the variant's own model", "User", "members of a group"],
    foreignkey=["the variant's own model"],
    so_what=(
        "Meta.ordering of a custom user also sorts lists of users in other apps, unless they call "
        "order_by(). Meta.ordering of a proxy or profile sorts its own lists."
    ),
    source=docs("Model Meta options", "ordering"),
)
def test_lists_ordered_by_meta_ordering(monkeypatch, statements):
    """The variant's own model (Player, Person or User) sets Meta.ordering. Which lists follow that
    order: the model's own, User.objects, a group's members?"""
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
    so_what=(
        "values_list() returns None for a missing profile row, as it does for an empty field. To "
        "tell the two cases apart, also fetch person__pk."
    ),
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
    so_what=(
        "After prefetch_related(), which a ForeignKey profile needs, pass chunk_size to "
        "iterator(). Without it, Django 5.0 and later raise ValueError."
    ),
    source=docs("QuerySet API reference", "iterator()") + "; Django ticket #29984",
)
def test_streaming_the_list_with_iterator(hundred):
    """Code reads users and their extra fields as objects and calls iterator() without arguments.
    What happens?"""
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
    so_what=(
        "Use a OneToOneField if each user has at most one profile. Its unique index lets "
        "PostgreSQL drop a LEFT JOIN whose columns a query does not use."
    ),
    source="PostgreSQL 18 source, src/backend/optimizer/plan/analyzejoins.c",
)
def test_postgresql_leaves_out_the_join():
    """A query joins users to profiles with a LEFT JOIN but uses no profile column. Does PostgreSQL
    leave out the join?"""
    users = User.objects.annotate(born=F("person__birthdate")).values("username")
    assert "JOIN" in str(users.query)
    return saw(sorted(re.findall(r" on (\w+)", users.explain(costs=False)))) == ["auth_user"]
