"""Third-party code"""

import json
import os
import re
import subprocess
import sys
from datetime import date
from io import StringIO

import factory
from django import forms
from django.conf import settings as django_settings
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User as DjangosUser
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_save
from django.http import HttpResponse
from django.test import Client, RequestFactory
from rest_framework import serializers

from suite.compare import ANYTHING_ELSE, CANNOT, at_least, at_most, compare, docs
from suite.evidence import TRANSACTION
from suite.outcomes import heard, outcome, rows, saw, tables
from suite.sessions import said
from suite.variant import (
    PASSWORD,
    VARIANT,
    PlayerModel,
    User,
    enrolled,
    enrolled_many,
    extras_of,
    path,
    person_class,
)

CUSTOMIZING = "Customizing authentication in Django"
REFERENCING = docs(CUSTOMIZING, "Referencing the User model")
FORMS = docs(CUSTOMIZING, "Custom users and the built-in auth forms")

# --- what a package may do, in a few lines


def rows_for_extras(username):
    """Return how many rows hold this user's extra fields. Raise FieldError if none can."""
    users = User.objects.filter(username=username, **{f"{path('pk')}__isnull": False})
    return users.values(path("birthdate")).count()


def badge_of(target, model_name):
    """Return a package's model with a foreign key to `target`."""
    meta = type("Meta", (), {"app_label": "a_package"})
    user = models.ForeignKey(target, models.CASCADE, related_name="+")
    return type(model_name, (models.Model,), {"user": user, "Meta": meta, "__module__": __name__})


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="AttributeError",
    foreignkey="accepted",
    mark="known",
    so_what=(
        "Before you choose a custom user, search your packages for imports of Django's own User. "
        "With a custom user, their queries on User.objects raise AttributeError."
    ),
    source=REFERENCING,
    fits=["accepted"],
    fails=ANYTHING_ELSE,
)
def test_package_that_imports_auth_user():
    """A package imports django.contrib.auth.models.User and calls User.objects.count(). What
    happens?"""
    return outcome(lambda: DjangosUser.objects.count())


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["fields.E301"],
    foreignkey=[],
    mark="useful",
    so_what=(
        "With a custom user, Django's checks refuse a package whose ForeignKey names auth.User. "
        "Use another package or patch it."
    ),
    source=REFERENCING,
    fits=[[]],
    fails=ANYTHING_ELSE,
)
def test_package_with_a_key_to_the_class_user():
    """A package has a ForeignKey to django.contrib.auth.models.User. Which messages do Django's
    checks report?"""
    return [saw(error).id for error in badge_of(DjangosUser, "Badge").check()]


@compare(
    proxy_model="auth_user",
    profile_onetoone="auth_user",
    custom_user="players_user",
    foreignkey="auth_user",
    mark="useful",
    so_what=(
        "Prefer packages whose foreign keys name settings.AUTH_USER_MODEL: these keys work in "
        "every approach. They refer to the user table, not to the profile."
    ),
    source=REFERENCING,
)
def test_package_with_a_key_to_the_setting():
    """A package has a ForeignKey to settings.AUTH_USER_MODEL. To which table does it refer?"""
    badge = badge_of(django_settings.AUTH_USER_MODEL, "SettingsBadge")
    with connection.schema_editor() as editor:
        editor.create_model(badge)
    [key] = tables()[badge._meta.db_table].foreign_keys
    return key.target


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="ProgrammingError",
    foreignkey="accepted",
    mark="useful",
    so_what=(
        "With a custom user, replace a migration whose foreign key names auth.User: point "
        "MIGRATION_MODULES to your own copy. The original fails if no table auth_user exists."
    ),
    source=REFERENCING,
    fits=["accepted"],
    fails=ANYTHING_ELSE,
    top=True,
)
def test_package_migration_hard_wired_to_auth_user():
    """A package's migration has a ForeignKey to "auth.User". What happens when you apply it?"""
    user = models.ForeignKey("auth.User", models.CASCADE)
    return outcome(
        lambda: migrate(
            migrations.CreateModel(
                "Badge", [("id", models.BigAutoField(primary_key=True)), ("user", user)]
            )
        )
    )


def migrate(operation):
    before = MigrationLoader(connection).project_state()
    after = before.clone()
    operation.state_forwards("a_package", after)
    # not atomic: an editor whose deferred SQL fails would leave its transaction open
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("a_package", editor, before, after)


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Check the sender of each receiver in a package. A receiver for auth.User does not run "
        "for a proxy or a custom user: Django compares it with the saved class."
    ),
    source=docs("Signals", "post_save"),
    fits=[True],
    costs=[False],
)
def test_package_signal_of_auth_user():
    """A package's post_save receiver has sender=django.contrib.auth.models.User. Does Django call
    it at a registration?"""
    with heard(post_save, sender=DjangosUser) as senders:
        enrolled("alice")
    return bool(senders)


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Save users as User, not through a proxy, or connect the receivers to the proxy too. "
        "Saving a proxy does not call receivers of the user model."
    ),
    source=REFERENCING,
    fits=[True],
    costs=[False],
)
def test_package_signal_of_the_user_model():
    """A package's post_save receiver has sender=get_user_model(). Does Django call it at a
    registration?"""
    with heard(post_save, sender=User) as senders:
        enrolled("alice")
    return bool(senders)


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="ProgrammingError",
    foreignkey="accepted",
    mark="useful",
    so_what=(
        "With a custom user, change the reports and scripts that name the table auth_user. By "
        "default, the custom user's table has another name."
    ),
    fits=["accepted"],
    costs=ANYTHING_ELSE,
)
def test_package_with_sql_on_auth_user():
    """What happens when a report runs SELECT count(*) FROM auth_user?"""
    return outcome(lambda: rows("SELECT count(*) FROM auth_user"))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    mark="useful",
    so_what=(
        "Packages do not run your form. Create the profile row in a signal receiver, or keep "
        "the extra fields on the user."
    ),
    source=docs(CUSTOMIZING, "Extending the existing User model"),
    fits=at_least(1),
    costs=[0],
)
def test_package_that_creates_users():
    """Only the OneToOne variant creates profiles in a receiver. A package calls create_user(). How
    many rows with the new user's extra fields exist afterwards?"""
    User.objects.create_user("bob")
    return rows_for_extras("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError, account stays",
    custom_user="IntegrityError, no account",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "If packages create users, let extra fields be NULL. Otherwise create_user() fails for a "
        "custom user, and outside a transaction, a failing receiver leaves a user without a "
        "profile."
    ),
    costs=["IntegrityError, no account", "accepted"],
    fails=["IntegrityError, account stays"],
)
def test_package_that_creates_users_with_a_mandatory_extra(transactional_db):
    """The birthdate is NOT NULL, and only the OneToOne profile has a receiver. What happens if a
    package calls create_user(username) outside a transaction?"""
    table = PlayerModel._meta.get_field("birthdate").model._meta.db_table
    rows(f"ALTER TABLE {table} ALTER COLUMN birthdate SET NOT NULL")
    try:
        result = said(lambda: User.objects.create_user("bob"))
        deleted, _ = User.objects.filter(username="bob").delete()
    finally:
        rows(f"ALTER TABLE {table} ALTER COLUMN birthdate DROP NOT NULL")
    if not isinstance(result, Exception):
        return "accepted"
    return f"{type(result).__name__}, {'account stays' if deleted else 'no account'}"


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user=CANNOT,
    foreignkey="2 rows",
    mark="surprising",
    fails=["IntegrityError", "2 rows"],
    so_what=(
        "Let one place create the profile row. If several places may create it, add a unique "
        "constraint, and call get_or_create() in each of them."
    ),
    source=docs("Signals", "post_save"),
)
def test_package_that_also_creates_the_profile():
    """A package's receiver calls create() for the profile of each new user. Your own code also
    creates a profile. What happens at a registration?"""
    person = person_class()

    def create(sender, instance, created, **kwargs):
        if created:
            person.objects.create(user=instance)

    post_save.connect(create, sender=User)
    try:
        ended = outcome(lambda: enrolled("bob"))
    finally:
        post_save.disconnect(create, sender=User)
    if ended != "accepted":
        return ended
    return f"{person.objects.filter(user__username='bob').count()} rows"


PACKAGE = """
from django.contrib.auth import get_user_model
from django.db import models

class Badge(models.Model):
    user = models.ForeignKey(get_user_model(), models.CASCADE)
"""


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="useful",
    so_what=(
        "A models.py may call get_user_model() at import, whatever the order of INSTALLED_APPS. "
        "An app's __init__.py or apps.py may not."
    ),
    source=REFERENCING,
)
def test_package_that_asks_for_the_user_at_import(project):
    """badges/models.py calls get_user_model() at import, and INSTALLED_APPS lists badges before the
    players app. Does the project start?"""
    add_package(project)
    return project.manage("check").code == 0


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "In a custom user's models.py, do not import models of an app that calls get_user_model() "
        "at import. The two modules can then import each other, and the project fails."
    ),
    fits=[True],
    costs=[False],
)
def test_package_that_players_imports_in_turn(project):
    """badges/models.py calls get_user_model() at import, and INSTALLED_APPS lists badges first.
    players/models.py imports from badges.models. Does the project start?"""
    add_package(project)
    project.add("players/models.py", "from badges.models import Badge  # noqa: E402,F401\n")
    return project.manage("check").code == 0


def add_package(project):
    project.add("badges/__init__.py", "")
    project.add("badges/models.py", PACKAGE)
    project.add("config/settings.py", '\nINSTALLED_APPS.insert(0, "badges")\n')


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="useful",
    so_what=(
        "set_fake_emails replaces e-mail addresses, but no extra fields. Anonymise birthdates "
        "and IDs yourself."
    ),
)
def test_django_extensions_fakes_the_emails(settings):
    """Does set_fake_emails of django-extensions replace all e-mail addresses in a copy of the
    database?"""
    settings.DEBUG = True
    enrolled("alice", email="alice@private.example")
    call_command("set_fake_emails", verbosity=0, stdout=StringIO())
    return not User.objects.filter(email="alice@private.example").exists()


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="AttributeError",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "With a custom user, give each subclass of UserCreationForm its own Meta with your model. "
        "The Meta of UserCreationForm names Django's own User."
    ),
    source=FORMS,
    fits=["accepted"],
    costs=ANYTHING_ELSE,
)
def test_package_that_inherits_the_creation_form():
    """A package subclasses UserCreationForm without its own Meta. What happens when it saves a
    user?"""

    class SignUp(UserCreationForm):
        nickname = forms.CharField(required=False)

    data = {"username": "bob", "password1": PASSWORD, "password2": PASSWORD}
    return outcome(lambda: SignUp(data).save())


# --- django-allauth


def rows_after_allauth():
    signup = {"email": "bob@example.org", "username": "bob"}
    Client().post("/accounts/signup/", signup | {"password1": PASSWORD, "password2": PASSWORD})
    return rows_for_extras("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    mark="useful",
    so_what=(
        "Create the profile row in a receiver, in allauth's adapter, or in a form that "
        "ACCOUNT_FORMS names. By default django-allauth does not run your form."
    ),
    fits=at_least(1),
    costs=[0],
)
def test_allauth_signup(site):
    """Only the OneToOne variant creates profiles in a receiver. A user registers through django-
    allauth. How many rows hold this user's extra fields?"""
    return site.ask(rows_after_allauth)


def logged_in_by_email():
    enrolled("alice", email="alice@example.org")
    visitor = Client()
    visitor.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
    return "_auth_user_id" in visitor.session


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what=(
        'You need no custom user for a login by e-mail. With "email" in ACCOUNT_LOGIN_METHODS, '
        "allauth's backend finds users by e-mail in every approach."
    ),
    source=docs(CUSTOMIZING, "Writing an authentication backend"),
)
def test_allauth_login_by_email(site):
    """ACCOUNT_LOGIN_METHODS contains "email". Can a user who registered without django-allauth log
    in by e-mail through django-allauth?"""
    return site.ask(logged_in_by_email)


# --- django-registration


def rows_after_registration():
    signup = {"email": "bob@example.org", "username": "bob"}
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    Client().post("/registration/register/", signup | passwords)
    return rows_for_extras("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    mark="useful",
    so_what=(
        "Create the profile row in a receiver or in your subclass of django-registration's view. "
        "By default this view runs the package's form, not yours."
    ),
    fits=at_least(1),
    costs=[0],
)
def test_django_registration_signup(site):
    """Only the OneToOne variant creates profiles in a receiver. A user registers through django-
    registration. How many rows hold this user's extra fields?"""
    return site.ask(rows_after_registration)


def form_with_a_birthdate():
    from django_registration.forms import RegistrationForm

    fields = [*RegistrationForm.Meta.fields, "birthdate"]
    meta = type("Meta", (RegistrationForm.Meta,), {"fields": fields})
    return outcome(lambda: type("WithBirthdate", (RegistrationForm,), {"Meta": meta}))


@compare(
    proxy_model="FieldError",
    profile_onetoone="FieldError",
    custom_user="accepted",
    foreignkey="FieldError",
    mark="useful",
    so_what=(
        "In Meta.fields of django-registration's form, name fields of the user model. For a "
        "profile, declare the field in a subclass and store its value in the view."
    ),
    fits=["accepted"],
    costs=ANYTHING_ELSE,
)
def test_django_registration_asks_for_the_birthdate(site):
    """A subclass of django-registration's RegistrationForm adds "birthdate" to Meta.fields. What
    happens?"""
    return site.ask(form_with_a_birthdate)


# --- django-guardian


def permission_for_one_player():
    from guardian.shortcuts import assign_perm

    alice, staff = enrolled("alice"), enrolled("staff")
    key = "user" if PlayerModel.__name__ == "Person" else "pk"
    player = PlayerModel.objects.get(**{key: alice.pk})
    return outcome(
        lambda: assign_perm(f"players.change_{PlayerModel._meta.model_name}", staff, player)
    )


@compare(
    proxy_model="DoesNotExist",
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "Set GUARDIAN_GET_CONTENT_TYPE if you assign permissions for objects of a proxy. By "
        "default django-guardian looks for a proxy's permissions under the concrete model."
    ),
    fits=["accepted"],
    costs=ANYTHING_ELSE,
)
def test_guardian_permission_for_one_player(site):
    """What happens when django-guardian assigns a permission for one Player, Person or User
    object?"""
    return site.ask(permission_for_one_player)


def rows_of_the_anonymous_user():
    return rows_for_extras("AnonymousUser")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    mark="surprising",
    so_what=(
        "Leave django-guardian's AnonymousUser out of lists and counts. For a mandatory extra "
        "field on a custom user, let GUARDIAN_GET_INIT_ANONYMOUS_USER name a function that sets "
        "the field."
    ),
)
def test_guardian_adds_a_user(site):
    """django-guardian creates a user called AnonymousUser during migrate. How many rows hold this
    user's extra fields?"""
    return site.ask(rows_of_the_anonymous_user)


# --- django-simple-history


def edit_is_in_the_history():
    alice = enrolled("alice")
    before = User.history.filter(id=alice.pk).count()
    extras = extras_of(alice)
    extras.birthdate = date(1999, 9, 9)
    extras.save(update_fields=["birthdate"])
    return User.history.filter(id=alice.pk).count() > before


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="useful",
    so_what=(
        "With a profile, register both User and Person with django-simple-history. The history of "
        "a user does not contain changes to the profile."
    ),
    fits=[True],
    costs=[False],
)
def test_simple_history_of_the_extras(site):
    """django-simple-history tracks get_user_model(). Does the user's history record a new
    birthdate?"""
    return site.ask(edit_is_in_the_history)


def registration_is_in_the_history():
    return User.history.filter(id=enrolled("alice").pk).exists()


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "If you save users through a proxy, register the proxy with django-simple-history too. "
        "The proxy's history is then in a second table, beside that of the user model."
    ),
    fits=[True],
    costs=[False],
)
def test_simple_history_of_a_registration(site):
    """django-simple-history tracks get_user_model(). Does it record a registration?"""
    return site.ask(registration_is_in_the_history)


# --- django-debug-toolbar


def queries_in_the_toolbar(action):
    from debug_toolbar.toolbar import DebugToolbar

    request = RequestFactory().get("/")
    toolbar = DebugToolbar(request, lambda request: HttpResponse())
    panel = toolbar.get_panel_by_id("SQLPanel")
    panel.enable_instrumentation()
    action()
    panel.disable_instrumentation()
    panel.generate_stats(request, HttpResponse())
    return panel.get_stats()["queries"]


def similar_queries_of_a_list():
    enrolled_many(20)
    users = User.objects.filter(username__startswith="player")
    queries = queries_in_the_toolbar(lambda: [extras_of(user).birthdate for user in users])
    return sum("similar_count" in query for query in queries)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=20,
    custom_user=0,
    foreignkey=20,
    mark="useful",
    so_what=(
        "Similar queries in django-debug-toolbar can mean that a loop reads profile rows. Load "
        "the rows with select_related() for a OneToOneField or prefetch_related() for a "
        "ForeignKey."
    ),
    fits=[0],
    costs=at_least(1),
)
def test_toolbar_finds_similar_queries(site):
    """A page reads 20 users' birthdates in a loop. How many similar queries does
    django-debug-toolbar show?"""
    return site.ask(similar_queries_of_a_list)


def queries_of_the_profile_page():
    visitor = Client()
    visitor.force_login(enrolled("alice", email="alice@example.org", birthdate=date(2000, 1, 1)))
    queries = queries_in_the_toolbar(lambda: visitor.get("/profile/"))
    return sum(not TRANSACTION.match(query["raw_sql"]) for query in queries)


@compare(
    proxy_model=2,
    profile_onetoone=3,
    custom_user=2,
    foreignkey=3,
    mark="useful",
    so_what=(
        "Expect one more query on a page that shows a profile row. A page for a logged-in user "
        "already reads the session and the user."
    ),
    fits=at_most(2),
    costs=at_least(3),
)
def test_toolbar_on_the_profile_page(site):
    """Sessions are in the database. How many queries does django-debug-toolbar show for a GET of
    /profile/, which shows the extra fields?"""
    return site.ask(queries_of_the_profile_page)


def errors_of_check():
    return sorted({error.id for error in run_checks(include_deployment_checks=False)})


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="useful",
    so_what=(
        "Run manage.py check with all your packages installed before you choose. The nine tested "
        "packages, such as django-allauth and djoser, pass in every approach."
    ),
    source=REFERENCING,
)
def test_all_packages_together(site):
    """allauth, debug-toolbar, dj-rest-auth, django-registration, djoser, guardian, DRF, simple-
    history and social-auth are installed. Which errors do Django's checks report?"""
    return site.ask(errors_of_check)


# --- Django REST framework


def serializer(**more):
    """Return a ModelSerializer of username and birthdate, with the declared fields `more`."""
    field = next(iter(more), "birthdate")
    meta = type("Meta", (), {"model": User, "fields": ["username", field]})
    return type("PlayerSerializer", (serializers.ModelSerializer,), {"Meta": meta, **more})


def nested(**options):
    """Return the serializer, with the birthdate beside the username or nested."""
    if PlayerModel.__name__ != "Person":
        return serializer()
    meta = type("Meta", (), {"model": PlayerModel, "fields": ["birthdate"]})
    person = type("PersonSerializer", (serializers.ModelSerializer,), {"Meta": meta})
    if hasattr(User, "person_set"):
        return serializer(person_set=person(many=True, **options))
    return serializer(person=person(**options))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="AssertionError",
    custom_user="accepted",
    foreignkey="AssertionError",
    mark="useful",
    so_what=(
        "For a nested profile, write the serializer's create() and update() yourself. With a "
        "custom user, the extra fields need neither."
    ),
    fits=["accepted"],
    costs=ANYTHING_ELSE,
)
def test_drf_writes_user_and_extras():
    """A plain ModelSerializer has username and birthdate, the latter nested if a profile holds it.
    What happens when the serializer saves a new user?"""
    birthdate = {"birthdate": "1999-09-09"}
    data = {"username": "bob", "person": birthdate, "person_set": [birthdate], **birthdate}
    writing = nested()(data=data)
    writing.is_valid(raise_exception=True)
    return outcome(writing.save)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=101,
    custom_user=1,
    foreignkey=101,
    mark="useful",
    so_what=(
        "Put select_related() (OneToOneField) or prefetch_related() (ForeignKey) on the view's "
        "queryset. Otherwise a nested serializer runs one query for each user's profile."
    ),
    fits=[1],
    costs=at_least(2),
)
def test_drf_list_of_a_hundred(statements):
    """A ModelSerializer, nested for a profile, lists 100 users with birthdates. How many statements
    run if the queryset loads no profiles in advance?"""
    enrolled_many(100)
    statements.clear()
    users = User.objects.filter(username__startswith="player")
    assert "birthdate" in json.dumps(nested(read_only=True)(users, many=True).data)
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="null",
    custom_user="null",
    foreignkey="[]",
    mark="surprising",
    so_what=(
        "Write API clients that accept null for a missing OneToOne profile as well as for an "
        "empty field. For a missing ForeignKey profile, they get an empty list."
    ),
)
def test_drf_user_without_extras():
    """A user was created without extra fields or a profile. What does a ModelSerializer return in
    place of the birthdate or the profile?"""
    User.objects.bulk_create([User(username="bob")])
    data = nested(read_only=True)(User.objects.get(username="bob")).data
    return json.dumps(data[list(data)[1]])


class UserFactory(factory.django.DjangoModelFactory):
    username = "bob"

    class Meta:
        model = User


def extras_factory(*keys):
    """Return a factory of the variant's own model, as people write it.

    A profile's user comes from a SubFactory. A proxy has no birthdate, so its factory fails.
    keys: what django_get_or_create names.
    """
    is_profile = PlayerModel.__name__ == "Person"

    class ExtrasFactory(factory.django.DjangoModelFactory):
        birthdate = date(2010, 5, 4)
        if is_profile:
            user = factory.SubFactory(UserFactory)
        else:
            username = "bob"

        class Meta:
            model = PlayerModel
            django_get_or_create = keys

    return ExtrasFactory


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user="accepted",
    foreignkey="accepted",
    so_what=(
        "If a receiver creates a OneToOne profile, do not create the profile in a factory_boy "
        "factory. Create the user, then change the fields of user.person."
    ),
    source="factory_boy docs, Common recipes",
)
def test_factory_of_extras_and_their_user():
    """A factory_boy factory creates a profile and its user, or a custom user. Only the OneToOne
    profile also has a receiver. What happens?"""
    PlayerModel._meta.get_field("birthdate")
    return outcome(extras_factory())


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    so_what=(
        "Use mute_signals(post_save) if a factory_boy factory should create the profile instead "
        "of a receiver. mute_signals() also mutes all other post_save receivers."
    ),
    source="factory_boy docs, Using factory_boy with ORMs, mute_signals",
)
def test_factory_of_extras_and_their_user_with_signals_muted():
    """A factory_boy factory creates a profile and its user, or a custom user, under
    mute_signals(post_save). What happens?"""
    PlayerModel._meta.get_field("birthdate")
    return outcome(factory.django.mute_signals(post_save)(extras_factory()))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=CANNOT,
    foreignkey=True,
    mark="surprising",
    fits=[True],
    fails=[False],
    so_what=(
        "Do not use django_get_or_create for a profile that a receiver creates. It returns the "
        "receiver's empty row and ignores the factory's other values, such as the birthdate."
    ),
    source="factory_boy docs, Using factory_boy with ORMs, django_get_or_create",
)
def test_factory_of_extras_that_gets_or_creates():
    """A factory_boy factory of profiles has a birthdate and django_get_or_create = ["user"]. Does
    the stored profile have this birthdate?"""
    person_class()
    extras_factory("user")()
    return PlayerModel.objects.get().birthdate == date(2010, 5, 4)


# --- mypy with django-stubs

TYPED_VIEW = """
from django.http import HttpRequest

def view(request: HttpRequest) -> None:
    assert request.user.is_authenticated
    reveal_type(request.user)
    print(request.user.{birthdate})
"""
MYPY = """
[mypy]
plugins = mypy_django_plugin.main
[mypy.plugins.django-stubs]
django_settings_module = config.settings
"""


@compare(
    proxy_model={"class": "django.contrib.auth.models.User", "birthdate": "attr-defined"},
    profile_onetoone={"class": "django.contrib.auth.models.User", "birthdate": "accepted"},
    custom_user={"class": "players.models.User", "birthdate": "accepted"},
    foreignkey={"class": "django.contrib.auth.models.User", "birthdate": "accepted"},
    so_what=(
        "Use the mypy plugin of django-stubs: it knows the fields of a custom user and the "
        "accessor of a profile. For a proxy, declare a request class yourself."
    ),
    source="django-stubs 6.1 README, section \"How can I create a HttpRequest that's guaranteed to "
    'have an authenticated user?"',
)
def test_class_of_request_user_for_mypy(project, pytestconfig):
    """A view asserts request.user.is_authenticated. What does mypy with django-stubs infer for
    request.user and for its birthdate?"""
    birthdate = "birthdate"
    if PlayerModel.__name__ == "Person":
        many = hasattr(User, "person_set")
        birthdate = "person_set.get().birthdate" if many else "person.birthdate"
    project.add("players/typed_view.py", TYPED_VIEW.format(birthdate=birthdate))
    project.add("mypy.ini", MYPY)
    # the cache spares the stubs' analysis in the next run
    cache = str(pytestconfig.cache.mkdir(f"mypy-{VARIANT}"))
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", cache, "players/typed_view.py"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(project.folder)},
        capture_output=True,
        text=True,
    )
    said = saw(ran.stdout)
    refused = re.search(r"typed_view.py:\d+: error: .*\[([\w-]+)\]", said)
    return {
        "class": re.search(r'Revealed type is "([^"]+)"', said)[1],
        "birthdate": refused[1] if refused else "accepted",
    }
