"""Third-party code"""

import json
import os
import subprocess
import sys
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
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

from suite.compare import CANNOT, compare
from suite.evidence import TRANSACTION, evidence
from suite.outcomes import heard, outcome, rows, saw, tables
from suite.variant import PASSWORD, PlayerModel, User, enrolled, enrolled_many, extras_of, path

CUSTOMIZING = 'Django 5.2 docs, "Customizing authentication in Django", section '
REFERENCING = CUSTOMIZING + '"Referencing the User model"'
FORMS = CUSTOMIZING + '"Custom users and the built-in auth forms"'

ROOT = Path(__file__).parents[2]

PACKAGES = """
INSTALLED_APPS += ["allauth", "allauth.account", "debug_toolbar", "django_registration",
                   "guardian", "rest_framework", "simple_history"]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware",
               "debug_toolbar.middleware.DebugToolbarMiddleware",
               "simple_history.middleware.HistoryRequestMiddleware"]
AUTHENTICATION_BACKENDS = globals().get(
    "AUTHENTICATION_BACKENDS", ["django.contrib.auth.backends.ModelBackend"]
) + ["guardian.backends.ObjectPermissionBackend",
     "allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": lambda request: False}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""
ADDRESSES = """
urlpatterns += [
    path("accounts/", include("allauth.urls")),
    path("registration/", include("django_registration.backends.one_step.urls")),
    path("__debug__/", include("debug_toolbar.urls")),
]
"""
HISTORY = """
import simple_history
from django.contrib.auth import get_user_model
simple_history.register(get_user_model(), app="players")
"""
# What runs in the site's process: a function's name comes in, its answer and evidence go out.
ASKED = """
import json, sys
out, sys.stdout = sys.stdout, sys.stderr
import django
django.setup()
from django.core.management import call_command
from django.db import transaction
from django.test.utils import setup_test_environment
call_command("makemigrations", "players", verbosity=0)
call_command("migrate", verbosity=0)
setup_test_environment()
from suite.questions import test_third_party
from suite.evidence import evidence
for line in sys.stdin:
    answer = error = None
    with evidence.being_kept(), transaction.atomic():
        try:
            answer = getattr(test_third_party, line.strip())()
        except Exception as raised:
            error = type(raised).__name__, str(raised)
        transaction.set_rollback(True)
    print(json.dumps([answer, error, evidence.kept]), file=out, flush=True)
"""


class Site:
    """A copy of the variant, run in a process of its own, in which all the packages are installed.

    ask(function) calls a function of this module in there, in a transaction that is undone.
    """

    def __init__(self, project):
        project.add("config/settings.py", PACKAGES)
        project.add("config/urls.py", ADDRESSES)
        project.add("players/models.py", HISTORY)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", ASKED],
            cwd=project.folder,
            env={
                **os.environ,
                "PYTHONPATH": f"{project.folder}{os.pathsep}{ROOT}",
                "DJANGO_SETTINGS_MODULE": "config.settings",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, function):
        self.process.stdin.write(function.__name__ + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read())
        answer, error, kept = json.loads(line)
        for kind, text in kept:
            evidence.add(kind, text)
        if error:
            name, text = error
            raise type(name, (Exception,), {})(text)
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture(scope="module")
def site(projects, tmp_path_factory):
    project = projects.make(tmp_path_factory.mktemp("site"), migrated=True)
    site = Site(project)
    yield site
    site.close()
    projects.drop(project)


# --- packages that somebody wrote, in a few lines


def rows_for_extras(username):
    """How many rows can hold the extras of this user; an error where no row could."""
    users = User.objects.filter(username=username, **{f"{path('pk')}__isnull": False})
    return users.values(path("birthdate")).count()


def badge_of(target, model_name):
    """A package's model with a foreign key to `target`, as its models.py would define it."""
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
        "A package that names Django's User instead of asking for the user model rules a "
        "custom user out, or itself."
    ),
    source=REFERENCING,
)
def test_package_that_imports_auth_user():
    """What does a package get that asks django.contrib.auth.models.User.objects for its users?"""
    return outcome(lambda: DjangosUser.objects.count())


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["fields.E301"],
    foreignkey=[],
    mark="useful",
    so_what=("With a custom user such a package is refused by check, before anything is stored."),
    source=REFERENCING,
)
def test_package_with_a_key_to_the_class_user():
    """What does check say of a package's ForeignKey(django.contrib.auth.models.User)?"""
    return [saw(error).id for error in badge_of(DjangosUser, "Badge").check()]


@compare(
    proxy_model="auth_user",
    profile_onetoone="auth_user",
    custom_user="players_user",
    foreignkey="auth_user",
    mark="useful",
    so_what=(
        "Packages that use the setting fit every approach; the proxy and the profiles leave "
        "the target where it always was."
    ),
    source=REFERENCING,
)
def test_package_with_a_key_to_the_setting():
    """To which table goes a package's ForeignKey(settings.AUTH_USER_MODEL)?"""
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
        "With a custom user there is no table auth_user, so a migration that names it cannot "
        "run and has to be replaced by MIGRATION_MODULES."
    ),
    source=REFERENCING,
)
def test_package_migration_hard_wired_to_auth_user():
    """What happens when a package's migration with to="auth.User" is applied?"""
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
        "post_save's sender is the class of the instance, so a player saved as the proxy is "
        "not a User to a receiver; a custom user never is."
    ),
    source='Django 5.2 docs, "Signals", section "post_save"',
)
def test_package_signal_of_auth_user():
    """A package sends a welcome mail on post_save with sender=django.contrib.auth.models.User:
    is it called when a player registers?
    """
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
        "Only the proxy misses receivers of the user model: register players as User, or "
        "connect them to Player too."
    ),
    source=REFERENCING,
)
def test_package_signal_of_the_user_model():
    """A package connects to post_save with sender=get_user_model(): is it called
    when a player registers?
    """
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
        "Reports and scripts in SQL know the table by name: with a custom user it has another."
    ),
)
def test_package_with_sql_on_auth_user():
    """Does a report in SQL, SELECT count(*) FROM auth_user, still run?"""
    return outcome(lambda: rows("SELECT count(*) FROM auth_user"))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    mark="useful",
    so_what=(
        "Where the form makes the extras' row, every other way of making a user leaves it "
        "out; a signal or the user's own columns do not."
    ),
    source=CUSTOMIZING + '"Extending the existing User model"',
)
def test_package_that_creates_users():
    """A package calls get_user_model().objects.create_user(): how many rows for extras are made?"""
    User.objects.create_user("bob")
    return rows_for_extras("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "A mandatory extra keeps all packages from making users, through the signal too; "
        "without a signal the rule is kept by nobody having a row."
    ),
)
def test_package_that_creates_users_with_a_mandatory_extra():
    """Birthdate is NOT NULL, and a package calls create_user(username): what happens?"""
    table = PlayerModel._meta.get_field("birthdate").model._meta.db_table
    rows(f"ALTER TABLE {table} ALTER COLUMN birthdate SET NOT NULL")
    return outcome(lambda: User.objects.create_user("bob"))


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
        "get_user_model() may be called at import, whatever the order of INSTALLED_APPS: it "
        "imports the model's module if need be."
    ),
    source=REFERENCING,
)
def test_package_that_asks_for_the_user_at_import(project):
    """May the models.py of an app that is listed before players call get_user_model() at import?"""
    add_package(project)
    return project.manage("check").code == 0


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "A custom user draws its module into the imports of every package that asks for it: "
        "keep it in an app that imports nothing of others."
    ),
)
def test_package_that_players_imports_in_turn(project):
    """An app listed before players calls get_user_model() at import, and players/models.py imports
    its models: does the project start?
    """
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
        "It fakes what Django's user has; birthdate and IDs stay as they are in every approach."
    ),
)
def test_django_extensions_fakes_the_emails(settings):
    """django-extensions: does set_fake_emails hide everybody's e-mail in a copy of the database?"""
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
        "UserCreationForm's Meta names Django's User, so with a custom user each form built "
        "on it needs a Meta of its own."
    ),
    source=FORMS,
)
def test_package_that_inherits_the_creation_form():
    """A package subclasses UserCreationForm without a Meta of its own: what does it get?"""

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
    so_what="A signup by a package knows nothing of the form that makes the extras' row.",
)
def test_allauth_signup(site):
    """A player signs up through django-allauth: how many rows are there for their extras?"""
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
    mark="surprising",
    so_what=(
        "Logging in by e-mail is a matter of the backend, so it is no reason for a custom user."
    ),
    source=CUSTOMIZING + '"Writing an authentication backend"',
)
def test_allauth_login_by_email(site):
    """Can a player who registered with us log in by e-mail through django-allauth?"""
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
    so_what="A signup by a package knows nothing of the form that makes the extras' row.",
)
def test_django_registration_signup(site):
    """A player signs up through django-registration: how many rows are there for their extras?"""
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
        "A ModelForm of the user takes fields of the user's own row only; for a profile the "
        "package's form and view have to be extended."
    ),
)
def test_django_registration_asks_for_the_birthdate(site):
    """Is the field's name enough to make django-registration's form ask for the birthdate?"""
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
        "django-guardian asks for the content type of the concrete model, while the "
        "permissions of a proxy hang on its own: GUARDIAN_GET_CONTENT_TYPE has to be set."
    ),
)
def test_guardian_permission_for_one_player(site):
    """Can django-guardian give somebody players.change_... for one object of the listed class?"""
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
        "Its AnonymousUser is a row among the players: lists and counts have to leave it out,"
        " and a mandatory extra stops migrate."
    ),
)
def test_guardian_adds_a_user(site):
    """django-guardian adds a user AnonymousUser at migrate: how many rows has it for extras?"""
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
        "A history of the user says nothing of a profile: both models have to be registered, "
        "and are then two histories."
    ),
)
def test_simple_history_of_the_extras(site):
    """django-simple-history keeps the history of the user: is a new birthdate in it?"""
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
        "It listens to post_save of the registered class, and a player saved as the proxy is "
        "of another class: Player needs a registration of its own."
    ),
)
def test_simple_history_of_a_registration(site):
    """django-simple-history keeps the history of get_user_model(): is a registration in it?"""
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
        "The toolbar shows the N+1 of a second table; where the extras are columns of the "
        "user it cannot arise."
    ),
)
def test_toolbar_finds_similar_queries(site):
    """A page reads the birthdates of 20 users one by one: how many similar queries does
    django-debug-toolbar count?
    """
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
        "A page for logged-in users reads the session and the user. Showing a profile row costs "
        "one more query."
    ),
)
def test_toolbar_on_the_profile_page(site):
    """How many queries, without savepoints, does django-debug-toolbar show for /profile/?"""
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
        "These packages keep to the user model's setting, so none of them rules an approach out."
    ),
    source=REFERENCING,
)
def test_all_packages_together(site):
    """allauth, debug-toolbar, django-registration, guardian, DRF and simple-history are installed
    and migrated: what does check find?
    """
    return site.ask(errors_of_check)


# --- Django REST framework


def serializer(**more):
    """A ModelSerializer of the user's name and birthdate, which has fields of its own in `more`."""
    field = next(iter(more), "birthdate")
    meta = type("Meta", (), {"model": User, "fields": ["username", field]})
    return type("PlayerSerializer", (serializers.ModelSerializer,), {"Meta": meta, **more})


def nested(**options):
    """The serializer, with the birthdate where the variant has it: beside the name, or nested."""
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
    so_what="With a second table the serializer needs create() and update() written by hand.",
)
def test_drf_writes_user_and_extras():
    """Does a plain ModelSerializer of Django REST framework store username and birthdate in one?"""
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
        "Nested or dotted fields read the other table once for each user unless the queryset "
        "brings it along."
    ),
)
def test_drf_list_of_a_hundred(statements):
    """How many statements does a ModelSerializer need to list 100 users with their birthdates?"""
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
        "A missing one-to-one row is swallowed and shown as null, like an empty value; the "
        "API's reader cannot tell them apart."
    ),
)
def test_drf_user_without_extras():
    """What does Django REST framework show for the extras of a user who has none?"""
    User.objects.bulk_create([User(username="bob")])
    data = nested(read_only=True)(User.objects.get(username="bob")).data
    return json.dumps(data[list(data)[1]])
