"""Duplicates and races"""

from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.forms import UserCreationForm
from django.db import models, transaction
from django.db.migrations import operations
from django.db.models import Avg
from django.db.models.functions import ExtractYear
from django.forms import modelform_factory
from django.test import Client
from players import roster

from suite.compare import ANYTHING_ELSE, CANNOT, at_least, compare, docs
from suite.migration_states import migrated
from suite.outcomes import outcome, rows, saw
from suite.sessions import at_the_same_moment
from suite.variant import (
    PASSWORD,
    PlayerModel,
    User,
    birthdate_of,
    enrolled,
    extras_of,
    path,
    person_class,
    without_row,
)

CASE_INDEX = "unique_username_ignoring_case"


def whose(user):
    """Return how a row names its user. Raise FieldDoesNotExist without extra fields."""
    PlayerModel._meta.get_field("birthdate")
    return {"user": user} if hasattr(PlayerModel, "user") else {"pk": user.pk}


def add_extras_row(user, **extras):
    """Try to add a row of extra fields for the user: "accepted", or the class of its error."""
    row = PlayerModel(**whose(user), **{"birthdate": extras_of(user).birthdate, **extras})
    return outcome(lambda: row.save(force_insert=True))


def came_of(result):
    """Return how one side of a race ended: "accepted", or the class of its error."""
    return type(result).__name__ if isinstance(result, Exception) else "accepted"


def typed(username):
    """Return what a visitor types to register."""
    return {"username": username, "password1": PASSWORD, "password2": PASSWORD}


def register(*usernames):
    """Register two usernames on the page at the same moment."""
    posts = [lambda name=name: Client().post("/register/", typed(name)) for name in usernames]
    race = at_the_same_moment(*posts)
    saw(race.second.context["form"].errors)


class StockForm(UserCreationForm):
    """Django's own form for the variant's user model."""

    class Meta(UserCreationForm.Meta):
        model = User


@contextmanager
def without_case_index():
    """Drop the index that ignores case within the block, and delete all users afterwards."""
    [[definition]] = rows("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [CASE_INDEX])
    rows(f"DROP INDEX {CASE_INDEX}")
    try:
        yield
    finally:
        User.objects.all().delete()
        rows(definition)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="accepted",
    mark="known",
    so_what=(
        "A OneToOneField rejects a second profile row. A ForeignKey accepts it, so add a unique "
        "constraint if each user should have at most one profile."
    ),
    source=docs("Model field reference", "OneToOneField"),
    fits=["IntegrityError"],
    costs=["accepted"],
)
def test_second_extras_row(alice):
    """What happens if the ORM inserts a second row with extra fields for the same user?"""
    return add_extras_row(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="MultipleObjectsReturned",
    mark="known",
    so_what=(
        "With a ForeignKey profile, one duplicate row makes each get() for that user fail. Prevent "
        "duplicates with a unique constraint."
    ),
    source=docs("QuerySet API reference", "get()"),
    fits=["accepted"],
    fails=["MultipleObjectsReturned"],
)
def test_get_after_a_second_row(alice):
    """A user has two rows with extra fields, if the approach allows two. What does get() do when it
    looks for this user's row?"""
    add_extras_row(alice)
    return outcome(lambda: PlayerModel.objects.get(**whose(alice)))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Without order_by(), an edit of a row can change which row comes first. Order profile rows "
        "by a key, or allow one row for each user."
    ),
    source="PostgreSQL 18 docs, 7.5. Sorting Rows (ORDER BY)",
    fits=[False],
    costs=[True],
)
def test_first_row_is_another_after_an_update(alice):
    """A user has two profile rows, if the approach allows two. You update the first. Does a query
    without order_by() now return another row first?"""
    add_extras_row(alice, birthdate=birthdate_of(0))
    table = PlayerModel._meta.db_table  # tidied, so that nothing is left of what ran before
    rows(f"SET CONSTRAINTS ALL IMMEDIATE; CLUSTER {table} USING {table}_pkey; ANALYZE {table}")
    people = PlayerModel.objects.filter(**whose(alice))
    first = people[0].birthdate
    people.filter(birthdate=first).update(zoom_id="123456789")
    return saw(people[0].birthdate) != saw(first)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    mark="surprising",
    so_what=(
        "Put a unique constraint on the fields that get_or_create() looks up. Without it, two "
        "calls at once can create two rows."
    ),
    source=docs("QuerySet API reference", "get_or_create()"),
    fits=[1],
    fails=at_least(2),
)
def test_rows_after_two_get_or_create(transactional_db):
    """Two requests call get_or_create() at once for a user without a profile. How many rows with
    extra fields exist afterwards?"""
    row = whose(without_row("bob"))
    at_the_same_moment(*[lambda: PlayerModel.objects.get_or_create(**row)] * 2)
    return PlayerModel.objects.filter(**row).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    mark="surprising",
    so_what=(
        "Put a unique constraint on the fields that update_or_create() looks up. The method locks "
        "an existing row, but has nothing to lock if the row is missing."
    ),
    source=docs("QuerySet API reference", "update_or_create()"),
    fits=[1],
    fails=at_least(2),
)
def test_rows_after_two_update_or_create(transactional_db):
    """Two requests call update_or_create() at once for a user without a profile. How many rows with
    extra fields exist afterwards?"""
    row = whose(without_row("bob"))
    extras = {"birthdate": birthdate_of(0)}
    at_the_same_moment(*[lambda: PlayerModel.objects.update_or_create(**row, defaults=extras)] * 2)
    return PlayerModel.objects.filter(**row).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="1 row; second request: IntegrityError",
    custom_user="1 row; second request: accepted",
    foreignkey="2 rows; second request: accepted",
    so_what=(
        "exists() does not prevent a duplicate. Make the profile's relation to the user unique, "
        "and expect IntegrityError from create()."
    ),
    source=docs("QuerySet API reference", "get_or_create()"),
    fits=["1 row; second request: accepted"],
    costs=["1 row; second request: IntegrityError"],
    fails=ANYTHING_ELSE,
)
def test_create_if_it_does_not_exist_twice(transactional_db):
    """Two requests call exists(), then create(), for the same user's missing profile at the same
    moment. What is the result?"""
    row = whose(without_row("bob"))
    people = PlayerModel.objects.filter(**row)
    race = at_the_same_moment(*[lambda: people.exists() or PlayerModel.objects.create(**row)] * 2)
    rows_now = f"{people.count()} row{'s' * (people.count() > 1)}"
    return f"{rows_now}; second request: {came_of(race.second)}"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "If a ForeignKey profile has no unique constraint, lock the user with select_for_update() "
        "before you create a profile row. Do so in all code that creates one."
    ),
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_rows_after_two_get_or_create_with_the_user_locked(transactional_db):
    """Two requests lock the user, then call get_or_create() for a missing profile. How many rows
    with extra fields exist afterwards?"""
    user = without_row("bob")
    row = whose(user)

    @transaction.atomic
    def locked():
        User.objects.select_for_update().get(pk=user.pk)
        PlayerModel.objects.get_or_create(**row)

    at_the_same_moment(locked, locked)
    return PlayerModel.objects.filter(**row).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    so_what=(
        "ignore_conflicts=True skips rows that break a unique constraint. Add such a constraint "
        "to a ForeignKey profile, or PostgreSQL stores the duplicate."
    ),
    source=docs("QuerySet API reference", "bulk_create()"),
    fits=[1],
    fails=at_least(2),
)
def test_rows_after_ignore_conflicts(alice):
    """bulk_create(ignore_conflicts=True) adds extra fields for a user who already has some. How
    many rows with extra fields does the user have?"""
    again = PlayerModel(**whose(alice), birthdate=birthdate_of(0))
    PlayerModel.objects.bulk_create([again], ignore_conflicts=True)
    return PlayerModel.objects.filter(**whose(alice)).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    so_what=(
        "No approach makes an extra field unique by itself. Declare unique=True on a field by "
        "which you look users up."
    ),
)
def test_two_players_with_one_discord_id():
    """What happens if two users register with the same Discord ID?"""
    roster.register("bob", PASSWORD, discord_id="100000000000000002")
    same = {"discord_id": "100000000000000002"}
    return outcome(lambda: roster.register("carol", PASSWORD, **same))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "On the form field of a unique TextField, set empty_value=None. By default, the form "
        "field stores a blank as '', and two '' break the unique constraint."
    ),
    source=docs("Model field reference", "null"),
)
def test_blank_discord_id_twice_in_a_model_form():
    """discord_id is a TextField with null=True and unique=True. Can two users leave it blank in a
    plain ModelForm?"""
    PlayerModel._meta.get_field("discord_id")
    roster.add_many([{"username": "bob"}, {"username": "carol"}])
    unique = models.TextField(blank=True, null=True, unique=True)
    changed = migrated(operations.AlterField(PlayerModel.__name__, "discord_id", unique))
    model = changed.get_model("players", PlayerModel.__name__)
    form = modelform_factory(model, fields=["discord_id"])
    blank = [form({"discord_id": ""}, instance=row) for row in model.objects.all()]
    return all(saw(each.errors) == {} and each.save() is not None for each in blank)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what=(
        "For a unique TextField, set empty_value=None on the form field, so that a blank becomes "
        "NULL. By default, a unique column accepts many NULLs."
    ),
    source="PostgreSQL 18 docs, 5.5.3. Unique Constraints",
)
def test_blank_discord_id_twice_in_our_form():
    """The column discord_id is unique. Can two visitors leave it blank on the variant's page
    /register/?"""
    PlayerModel._meta.get_field("discord_id")
    unique = models.TextField(blank=True, null=True, unique=True)
    migrated(operations.AlterField(PlayerModel.__name__, "discord_id", unique))
    for name in ("bob", "carol"):
        Client().post("/register/", {**typed(name), "discord_id": ""})
    return User.objects.filter(username__in=["bob", "carol"]).count() == 2


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "The unique index on the username stops a second account. The visitor sees the second "
        "response, an error, so disable the button after the first click."
    ),
    source="PostgreSQL 18 docs, Index Uniqueness Checks",
)
def test_double_click_on_register(transactional_db):
    """A visitor double-clicks the button Register. How many accounts exist afterwards?"""
    register("bob", "bob")
    return User.objects.filter(username="bob").count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user=CANNOT,
    foreignkey="IntegrityError",
    so_what=(
        "Before you change a ForeignKey to a OneToOneField, merge duplicate rows, and prevent new "
        "ones until the migration has run."
    ),
    source="PostgreSQL 18 docs, CREATE INDEX, UNIQUE",
    fits=["accepted"],
    costs=["IntegrityError"],
)
def test_one_to_one_made_of_a_foreign_key_later(alice):
    """A user has two profile rows, if the approach allows two. What happens when a migration
    changes the relation to a OneToOneField?"""
    link = person_class()._meta.get_field("user")
    add_extras_row(alice)
    one = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=link.primary_key
    )
    return outcome(lambda: migrated(operations.AlterField("person", "user", one)))


@compare(
    proxy_model={"warning": "fields.W342", "accessor": "badge_set"},
    profile_onetoone={"warning": "fields.W342", "accessor": "badge_set"},
    custom_user={"warning": "fields.W342", "accessor": "badge_set"},
    foreignkey={"warning": "fields.W342", "accessor": "badge_set"},
    so_what=(
        "Use a OneToOneField instead of ForeignKey(unique=True). Both allow one row for each "
        "user, but the ForeignKey's accessor is a manager, so you write user.badge_set.get()."
    ),
    source=docs("System check framework", "Related fields") + ", fields.W342",
)
def test_foreign_key_that_is_unique():
    """A model Badge has ForeignKey(User, unique=True). Which warning does check report, with which
    reverse accessor on the user?"""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, unique=True)
    key = models.BigAutoField(primary_key=True)
    create = operations.CreateModel("Badge", [("id", key), ("user", user)])
    badge = migrated(create).get_model("players", "Badge")
    accessor = badge._meta.get_field("user").remote_field.get_accessor_name()
    [warning] = badge.check()
    return {"warning": saw(warning).id, "accessor": accessor}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    so_what=(
        "A list, export or count that joins profiles has one line for each profile row. Prevent a "
        "second row of a user with a unique constraint."
    ),
    source=docs("QuerySet API reference", "values_list()"),
    fits=[1],
    costs=at_least(2),
)
def test_lines_of_a_list_joined_with_extras(alice):
    """A user has two profile rows, if the approach allows two. How many times does a list of
    usernames and birthdates show the user?"""
    add_extras_row(alice)
    return len(User.objects.values("username", path("birthdate")))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2005.0,
    custom_user=2005.0,
    foreignkey=2006.67,
    mark="surprising",
    so_what=(
        "An average over users joined with a ForeignKey profile counts a user once for each row, "
        "and no error warns you. Prevent a second row."
    ),
    source=docs("Aggregation", "Joins and aggregates"),
    fits=[2005.0],
    fails=ANYTHING_ELSE,
)
def test_average_year_of_birth(alice):
    """One user was born in 2000, another in 2010. The second has two profile rows where possible.
    What is the average year?"""
    add_extras_row(alice)
    enrolled("bob", birthdate=birthdate_of(0).replace(year=2000))
    average = User.objects.aggregate(year=Avg(ExtractYear(path("birthdate"))))
    return round(float(average["year"]), 2)


@compare(
    proxy_model="IntegrityError",
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="IntegrityError",
    so_what=(
        "Add a unique index on UPPER(username) in any approach. A custom user can declare it in "
        "Meta; with Django's own User, create it by RunSQL in a migration."
    ),
    source="PostgreSQL 18 docs, 11.7. Indexes on Expressions",
)
def test_create_user_of_a_name_in_another_case(alice):
    """User alice exists, and there is a unique index on UPPER(username). What does
    create_user("Alice") raise?"""
    return outcome(lambda: User.objects.create_user("Alice"))


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "Django's usernames are unique, but by default case-sensitive: Alice and alice become two "
        "accounts. Add a unique index on UPPER(username)."
    ),
    source=docs("Using the Django authentication system", "Built-in forms") + ", UserCreationForm",
)
def test_create_user_in_another_case_without_our_index(alice):
    """User alice exists, and there is no case-insensitive unique index. What happens if you call
    create_user("Alice")?"""
    rows(f"DROP INDEX {CASE_INDEX}")
    return outcome(lambda: User.objects.create_user("Alice"))


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what=(
        "Add a unique index on UPPER(username). UserCreationForm rejects a username that differs "
        "only in case, but create_user() accepts it."
    ),
    source=docs("Using the Django authentication system", "Built-in forms") + ", UserCreationForm",
)
def test_stock_form_takes_a_name_in_another_case(alice):
    """User alice exists. Does UserCreationForm (a subclass of it for a custom user) accept the
    username Alice?"""
    rows(f"SET CONSTRAINTS ALL IMMEDIATE; DROP INDEX {CASE_INDEX}")
    form = StockForm(typed("Alice"))
    return saw(form.errors) == {}


@compare(
    proxy_model=2,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    mark="surprising",
    so_what=(
        "UserCreationForm cannot see a row that another request has not committed. Add a unique "
        "index on UPPER(username), and catch the IntegrityError of the second request."
    ),
    source="PostgreSQL 18 docs, 13.2.1. Read Committed Isolation Level",
)
def test_stock_form_in_two_cases_at_the_same_moment(transactional_db):
    """There is no case-insensitive unique index. Alice and alice register at the same moment
    through UserCreationForm. How many accounts exist afterwards?"""
    with without_case_index():
        forms = [StockForm(typed(name)) for name in ("Alice", "alice")]
        at_the_same_moment(*[lambda form=form: form.is_valid() and form.save() for form in forms])
        return User.objects.filter(username__iexact="alice").count()


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "Do not rely on a check in the form. With a unique index, PostgreSQL makes the second "
        "INSERT wait, and rejects it if the first transaction commits."
    ),
    source="PostgreSQL 18 docs, Index Uniqueness Checks",
)
def test_our_form_in_two_cases_at_the_same_moment(transactional_db):
    """There is a unique index on UPPER(username). Two visitors register as Alice and alice at the
    same moment. How many accounts exist afterwards?"""
    register("Alice", "alice")
    return User.objects.filter(username__iexact="alice").count()


@compare(
    proxy_model={"full-width alice": "IntegrityError", "Cyrillic first letter": "accepted"},
    profile_onetoone={"full-width alice": "IntegrityError", "Cyrillic first letter": "accepted"},
    custom_user={"full-width alice": "IntegrityError", "Cyrillic first letter": "accepted"},
    foreignkey={"full-width alice": "IntegrityError", "Cyrillic first letter": "accepted"},
    mark="surprising",
    so_what=(
        "Django turns full-width letters into plain ones (NFKC), but accepts look-alike letters "
        "of other alphabets. If that matters, use ASCIIUsernameValidator and call full_clean()."
    ),
    source=(
        docs("Customizing authentication in Django", "Specifying a custom user model")
        + ", AbstractBaseUser.normalize_username()"
    ),
)
def test_usernames_that_look_alike(alice):
    """User alice exists. What does create_user() do with two usernames that look like alice?"""
    look_alikes = {
        "full-width alice": "".join(chr(ord(letter) + 0xFEE0) for letter in "alice"),
        "Cyrillic first letter": "\N{CYRILLIC SMALL LETTER A}lice",
    }
    return {
        how: outcome(lambda name=name: User.objects.create_user(name))
        for how, name in look_alikes.items()
    }


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    mark="known",
    so_what=(
        "No approach makes e-mail unique by itself. If you find accounts by e-mail, add a unique "
        "constraint. A custom user can declare it in its model."
    ),
)
def test_two_players_with_one_email():
    """What happens if two users register with the same e-mail address?"""
    roster.register("bob", PASSWORD, email="two@example.org")
    return outcome(lambda: roster.register("carol", PASSWORD, email="two@example.org"))
