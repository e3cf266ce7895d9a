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

from suite.compare import CANNOT, compare, docs
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
    """How a row of PlayerModel says whose extras it holds; raises where it holds none."""
    PlayerModel._meta.get_field("birthdate")
    return {"user": user} if hasattr(PlayerModel, "user") else {"pk": user.pk}


def add_extras_row(user, **extras):
    """Try to give a user a further row of extras: "accepted", or the class of its error."""
    row = PlayerModel(**whose(user), **{"birthdate": extras_of(user).birthdate, **extras})
    return outcome(lambda: row.save(force_insert=True))


def came_of(result):
    """What one side of a race got: "accepted", or the class of its error."""
    return type(result).__name__ if isinstance(result, Exception) else "accepted"


def typed(username):
    """What a visitor types to register."""
    return {"username": username, "password1": PASSWORD, "password2": PASSWORD}


def register(*usernames):
    """Let a visitor each register with these two usernames on the page, at the same moment."""
    posts = [lambda name=name: Client().post("/register/", typed(name)) for name in usernames]
    race = at_the_same_moment(*posts)
    saw(race.second.context["form"].errors)


class StockForm(UserCreationForm):
    """Django's own form, for whatever the user is."""

    class Meta(UserCreationForm.Meta):
        model = User


@contextmanager
def without_case_index():
    """Django's own table of users, in which alice and Alice are two; nobody is left in it."""
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
    so_what="With a ForeignKey nothing says no, now or later: one record per player is then up to"
    " every line of code that writes.",
    source='Django 5.2 docs, "Model field reference", section "OneToOneField"',
)
def test_second_extras_row(alice):
    """What happens if the ORM creates a second row of extras for one user?"""
    return add_extras_row(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="MultipleObjectsReturned",
    mark="known",
    so_what="One double row, and every .get() for that player is a server error until somebody "
    "cleans up.",
    source='Django 5.2 docs, "QuerySet API reference", section "get()"',
)
def test_get_after_a_second_row(alice):
    """After somebody tried to add a second row: does .get(user=...) still find the extras?"""
    add_extras_row(alice)
    return outcome(lambda: PlayerModel.objects.get(**whose(alice)))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what="An UPDATE writes a new version of the row further back in the table: without "
    "order_by() the shown birthdate changes when the other row is edited.",
    source="PostgreSQL 18 docs, 7.5. Sorting Rows (ORDER BY)",
)
def test_first_row_is_another_after_an_update(alice):
    """A user has two rows, if that is possible: is the first one, without order_by(), another one
    after it was updated?"""
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
    so_what="get_or_create() is safe only where a unique constraint stops the second INSERT; a "
    "ForeignKey has none.",
    source='Django 5.2 docs, "QuerySet API reference", section "get_or_create()"',
)
def test_rows_after_two_get_or_create(transactional_db):
    """Two requests get_or_create() a user's missing extras at the same moment: how many rows?"""
    row = whose(without_row("bob"))
    at_the_same_moment(*[lambda: PlayerModel.objects.get_or_create(**row)] * 2)
    return PlayerModel.objects.filter(**row).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    mark="surprising",
    so_what="update_or_create() locks a row that it finds; without one it is get_or_create() with "
    "the same gap.",
    source='Django 5.2 docs, "QuerySet API reference", section "update_or_create()"',
)
def test_rows_after_two_update_or_create(transactional_db):
    """Two requests update_or_create() a user's missing extras at the same moment: how many rows?"""
    row = whose(without_row("bob"))
    extras = {"birthdate": birthdate_of(0)}
    at_the_same_moment(*[lambda: PlayerModel.objects.update_or_create(**row, defaults=extras)] * 2)
    return PlayerModel.objects.filter(**row).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="1 row, IntegrityError",
    custom_user="1 row, accepted",
    foreignkey="2 rows, accepted",
    so_what="Asking before writing stops nobody: only a unique key does, and then the code must "
    "expect its error.",
    source='Django 5.2 docs, "QuerySet API reference", section "get_or_create()"',
)
def test_create_if_it_does_not_exist_twice(transactional_db):
    """Two requests ask exists() and then create() the extras: how many rows, and what does the
    second request get?"""
    row = whose(without_row("bob"))
    people = PlayerModel.objects.filter(**row)
    race = at_the_same_moment(*[lambda: people.exists() or PlayerModel.objects.create(**row)] * 2)
    return f"{people.count()} row{'s' * (people.count() > 1)}, {came_of(race.second)}"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what="The cure for a ForeignKey: every writer must lock the user first, and none may "
    "forget it.",
    source='Django 5.2 docs, "QuerySet API reference", section "select_for_update()"',
)
def test_rows_after_two_get_or_create_with_the_user_locked(transactional_db):
    """Both lock the user by select_for_update() before get_or_create(): how many rows?"""
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
    so_what="ON CONFLICT DO NOTHING needs a unique key to conflict with; without one it is a "
    "plain INSERT.",
    source='Django 5.2 docs, "QuerySet API reference", section "bulk_create()"',
)
def test_rows_after_ignore_conflicts(alice):
    """After bulk_create(ignore_conflicts=True) of extras that the user has: how many rows?"""
    again = PlayerModel(**whose(alice), birthdate=birthdate_of(0))
    PlayerModel.objects.bulk_create([again], ignore_conflicts=True)
    return PlayerModel.objects.filter(**whose(alice)).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    so_what="None of the approaches makes an extra unique by itself; a lookup or a login by it "
    "may find two.",
)
def test_two_players_with_one_discord_id():
    """May two players register with the same Discord ID?"""
    roster.register("bob", PASSWORD, discord_id="100000000000000002")
    same = {"discord_id": "100000000000000002"}
    return outcome(lambda: roster.register("carol", PASSWORD, **same))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what="TextField.formfield() stores a blank as '', and unlike CharField it takes no heed of"
    " null=True; two '' are equal, two NULLs are not.",
    source=docs("Model field reference", "null"),
)
def test_blank_discord_id_twice_in_a_model_form():
    """discord_id is made unique: may two players leave it blank in a plain ModelForm?"""
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
    so_what="A form field with empty_value=None stores NULL, and a unique column accepts any "
    "number of NULLs. So a field can be unique and optional.",
    source="PostgreSQL 18 docs, 5.5.3. Unique Constraints",
)
def test_blank_discord_id_twice_in_our_form():
    """The column discord_id is unique. Can two visitors leave it blank on the page /register/?"""
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
    so_what="The unique index lets only one request through. The visitor sees the second response, "
    "which says that the username is taken. Disable the button after the first click.",
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
    so_what="The doubles must be merged by hand before the migration, and new ones kept out until"
    " it has run.",
    source="PostgreSQL 18 docs, CREATE INDEX, UNIQUE",
)
def test_one_to_one_made_of_a_foreign_key_later(alice):
    """A second row was tried for one user: what does a migration to OneToOneField say then?"""
    link = person_class()._meta.get_field("user")
    add_extras_row(alice)
    one = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=link.primary_key
    )
    return outcome(lambda: migrated(operations.AlterField("person", "user", one)))


@compare(
    proxy_model=["fields.W342", "badge_set"],
    profile_onetoone=["fields.W342", "badge_set"],
    custom_user=["fields.W342", "badge_set"],
    foreignkey=["fields.W342", "badge_set"],
    so_what="It stops the second row, as OneToOneField does, but the user still gets a manager "
    "(badge_set.get()) and no attribute.",
    source=docs("System check framework", "Related fields") + ", fields.W342",
)
def test_foreign_key_that_is_unique():
    """A Badge has ForeignKey(User, unique=True): which warning, and how does a user name theirs?"""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, unique=True)
    key = models.BigAutoField(primary_key=True)
    create = operations.CreateModel("Badge", [("id", key), ("user", user)])
    badge = migrated(create).get_model("players", "Badge")
    accessor = badge._meta.get_field("user").remote_field.get_accessor_name()
    return [*(saw(warning).id for warning in badge.check()), accessor]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    so_what="A second row shows one player twice in every list, export and count that joins.",
    source=docs("QuerySet API reference", "values_list()"),
)
def test_lines_of_a_list_joined_with_extras(alice):
    """One player, with two rows of extras where that is possible: how many lines has a list of
    username and birthdate?"""
    add_extras_row(alice)
    return len(User.objects.values("username", path("birthdate")))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2005.0,
    custom_user=2005.0,
    foreignkey=2006.67,
    mark="surprising",
    so_what="Figures over the join count a player once for each row, without any error.",
    source='Django 5.2 docs, "Aggregation", section "Joins and aggregates"',
)
def test_average_year_of_birth(alice):
    """Players of 2010 and 2000, the first with a second row where that is possible: what is the
    average year of birth?"""
    add_extras_row(alice)
    enrolled("bob", birthdate=birthdate_of(0).replace(year=2000))
    average = User.objects.aggregate(year=Avg(ExtractYear(path("birthdate"))))
    return round(float(average["year"]), 2)


@compare(
    proxy_model="IntegrityError",
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="IntegrityError",
    so_what="All four can have it in the database; only the custom user can declare it in its "
    "model.",
    source="PostgreSQL 18 docs, 11.7. Indexes on Expressions",
)
def test_create_user_of_a_name_in_another_case(alice):
    """There is alice, and a unique index on UPPER(username): what does create_user("Alice") get?"""
    return outcome(lambda: User.objects.create_user("Alice"))


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what="Django's unique username minds the case: Alice and alice are two accounts.",
    source=docs("Using the Django authentication system", "Built-in forms") + ", UserCreationForm",
)
def test_create_user_in_another_case_without_our_index(alice):
    """And without that index, as Django makes the table?"""
    rows(f"DROP INDEX {CASE_INDEX}")
    return outcome(lambda: User.objects.create_user("Alice"))


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="The form looks by iexact before it writes; nothing but the form does.",
    source=docs("Using the Django authentication system", "Built-in forms") + ", UserCreationForm",
)
def test_stock_form_takes_a_name_in_another_case(alice):
    """Without that index, does Django's UserCreationForm take Alice beside alice?"""
    rows(f"SET CONSTRAINTS ALL IMMEDIATE; DROP INDEX {CASE_INDEX}")
    form = StockForm(typed("Alice"))
    return saw(form.errors) == {}


@compare(
    proxy_model=2,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    mark="surprising",
    so_what="A form's look cannot see what is not committed yet: without the index both are let "
    "in.",
    source="PostgreSQL 18 docs, 13.2.1. Read Committed Isolation Level",
)
def test_stock_form_in_two_cases_at_the_same_moment(transactional_db):
    """Alice and alice register at the same moment by Django's UserCreationForm, without that
    index: how many accounts?"""
    with without_case_index():
        forms = [StockForm(typed(name)) for name in ("Alice", "alice")]
        at_the_same_moment(*[lambda form=form: form.is_valid() and form.save() for form in forms])
        return User.objects.filter(username__iexact="alice").count()


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what="With the index, the second INSERT waits for the first and is rejected. No check in "
    "Python can do that.",
    source="PostgreSQL 18 docs, Index Uniqueness Checks",
)
def test_our_form_in_two_cases_at_the_same_moment(transactional_db):
    """Two visitors register as Alice and alice on /register/ at once. How many accounts exist
    afterwards?"""
    register("Alice", "alice")
    return User.objects.filter(username__iexact="alice").count()


@compare(
    proxy_model=["IntegrityError", "accepted"],
    profile_onetoone=["IntegrityError", "accepted"],
    custom_user=["IntegrityError", "accepted"],
    foreignkey=["IntegrityError", "accepted"],
    mark="surprising",
    so_what="NFKC folds full-width letters into plain ones, but letters of another alphabet stay "
    "others.",
    source=docs("Customizing authentication in Django", "Specifying a custom user model")
    + ", AbstractBaseUser.normalize_username()",
)
def test_usernames_that_look_alike(alice):
    """There is alice: what do create_user() of alice in full-width letters, and of alice with a
    Cyrillic a, get?"""
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in "alice")
    look_alikes = [full_width, "\N{CYRILLIC SMALL LETTER A}lice"]
    return [outcome(lambda name=name: User.objects.create_user(name)) for name in look_alikes]


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    mark="known",
    so_what="Where login by e-mail must find one account, the database should say so, and only a"
    " custom user's model can declare it.",
)
def test_two_players_with_one_email():
    """May two players register with the same e-mail address?"""
    roster.register("bob", PASSWORD, email="two@example.org")
    return outcome(lambda: roster.register("carol", PASSWORD, email="two@example.org"))
