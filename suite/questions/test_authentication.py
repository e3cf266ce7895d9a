"""Authentication and permissions"""

from contextlib import nullcontext

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.checks import check_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.tokens import default_token_generator
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import SynchronousOnlyOperation
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import include
from django.urls import path as url
from players import roster

from suite.adminpages import page, permission, staff_with
from suite.article import person_saved_with_user
from suite.compare import CANNOT, compare, docs
from suite.outcomes import heard, outcome, saw
from suite.sessions import at_the_same_moment
from suite.variant import PASSWORD, PlayerModel, User, enrolled, extras_of, path

# Where Django's docs speak of it.
CUSTOM_USER = (
    'Django 5.2 docs, "Customizing authentication in Django", '
    'section "Specifying a custom user model"'
)
EXTENDING = (
    'Django 5.2 docs, "Customizing authentication in Django", '
    'section "Extending the existing User model"'
)
PROXIES = (
    'Django 5.2 docs, "Customizing authentication in Django", '
    'section "Custom users and proxy models"'
)
BACKENDS = (
    'Django 5.2 docs, "Customizing authentication in Django", '
    'section "Writing an authentication backend"'
)
CUSTOM_PERMISSIONS = (
    'Django 5.2 docs, "Customizing authentication in Django", section "Custom permissions"'
)
PROXY_PERMISSIONS = (
    'Django 5.2 docs, "Using the Django authentication system", '
    'section "Proxy models"; Django ticket #11154'
)
SESSIONS = (
    'Django 5.2 docs, "Using the Django authentication system", '
    'section "Session invalidation on password change"'
)
RESETS = 'Django 5.2 docs, "Using the Django authentication system", section "Built-in forms"'
HASHES = 'Django 5.2 docs, "Password management in Django", section "Password upgrading"'
REFERENCE = 'Django 5.2 docs, "django.contrib.auth", section '

DJANGOS_BACKEND = "django.contrib.auth.backends.ModelBackend"
DISCORD_ID = "100000000000000001"  # alice's


class DiscordBackend(ModelBackend):
    """Logs in by Discord ID."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        user = User.objects.get(**{path("discord_id"): username})
        return user if user.check_password(password) else None


class RicherBackend(ModelBackend):
    """Reads the user together with the person, where there is one."""

    def get_user(self, user_id):
        users = PlayerModel.objects if issubclass(PlayerModel, User) else User.objects
        if hasattr(User, "person_set"):
            users = users.prefetch_related("person_set")
        elif hasattr(User, "person"):
            users = users.select_related("person")
        return users.get(pk=user_id)


def birthdate_of(user):
    """From the user's newest person, in the way that can use a prefetch, or from the user."""
    if hasattr(user, "person_set"):
        return max(user.person_set.all(), key=lambda person: person.pk).birthdate
    return extras_of(user).birthdate


def birthdate(request):
    return HttpResponse(birthdate_of(request.user))


async def birthdate_async(request):
    return HttpResponse(birthdate_of(await request.auser()))


urlpatterns = [
    url("birthdate/", birthdate),
    url("async/", birthdate_async),
    url("", include("config.urls")),
]


@pytest.fixture
def birthdate_pages(settings):
    settings.ROOT_URLCONF = __name__


def log_in(client, username="alice"):
    """By the login page; returns whether that let them in."""
    response = client.post("/login/", {"username": username, "password": PASSWORD})
    return response.status_code == 302


def label_of(user):
    """The user's class as the app registry calls it: "auth.User"."""
    return user._meta.label


@compare(
    proxy_model="auth.User",
    profile_onetoone="auth.User",
    custom_user="players.User",
    foreignkey="auth.User",
    mark="known",
    so_what="AUTH_USER_MODEL alone decides what class a view gets, and it cannot be a proxy.",
    source=REFERENCE + '"Utility functions", get_user()',
)
def test_class_of_request_user(alice, client, settings):
    """What class is request.user, under Django's own authentication backend?"""
    settings.AUTHENTICATION_BACKENDS = [DJANGOS_BACKEND]
    client.force_login(alice)
    return saw(label_of(client.get("/").wsgi_request.user))


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="A method of our class is missing on who logs in, unless it is the user model.",
    source=docs("Models", "QuerySets still return the model that was requested"),
)
def test_authenticate_gives_the_listed_class(alice, settings):
    """Is what Django's own backend returns for a player's password an instance of our class?"""
    settings.AUTHENTICATION_BACKENDS = [DJANGOS_BACKEND]
    user = authenticate(username="alice", password=PASSWORD)
    saw(label_of(user))
    return isinstance(user, PlayerModel)


@compare(
    proxy_model="TypeError",
    profile_onetoone="AttributeError",
    custom_user="accepted",
    foreignkey="AttributeError",
    mark="surprising",
    so_what="Nothing can be a proxy of a class that is swapped out, and a person is no user.",
    source=PROXIES,
)
def test_listed_class_as_auth_user_model(project):
    """What does `check --tag models` answer when AUTH_USER_MODEL names the class that we wrote?"""
    project.replace(
        "config/settings.py",
        f'AUTH_USER_MODEL = "{User._meta.label}"',
        f'AUTH_USER_MODEL = "{PlayerModel._meta.label}"',
    )
    for ours in ("players/admin.py", "config/urls.py"):  # so that it is Django that answers
        (project.folder / ours).write_text("urlpatterns = []\n")
    ran = project.manage("check", "--tag", "models")  # all checks come in any order
    return ran.error.partition(":")[0].rpartition(".")[2] or "accepted"


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="To log in by anything but USERNAME_FIELD takes a backend of one's own.",
    source=REFERENCE + '"Available authentication backends", ModelBackend',
)
def test_login_by_discord_id_with_djangos_backend(alice, settings):
    """Can a player log in with their Discord ID as the username, under Django's own backend?"""
    settings.AUTHENTICATION_BACKENDS = [DJANGOS_BACKEND]
    return authenticate(username=DISCORD_ID, password=PASSWORD) is not None


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["auth.E003"],
    foreignkey=[],
    so_what="Only the user model's USERNAME_FIELD is read, and it must be unique.",
    source=CUSTOM_USER + ", USERNAME_FIELD",
)
def test_checks_of_username_field_discord_id(monkeypatch):
    """What do the system checks say of USERNAME_FIELD = "discord_id" on the class that we wrote?"""
    monkeypatch.setattr(PlayerModel, "USERNAME_FIELD", "discord_id", raising=False)
    return [saw(message).id for message in check_user_model(app_configs=None)]


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="ModelBackend reads the user model's USERNAME_FIELD; a proxy's is ignored in silence.",
    source=CUSTOM_USER + ", USERNAME_FIELD",
)
def test_username_field_changes_the_login(monkeypatch):
    """Does USERNAME_FIELD = "email" on the class that we wrote let a player log in by e-mail?"""
    enrolled("alice", email="alice@example.org")
    monkeypatch.setattr(PlayerModel, "USERNAME_FIELD", "email", raising=False)
    return authenticate(username="alice@example.org", password=PASSWORD) is not None


@compare(proxy_model=CANNOT, profile_onetoone=1, custom_user=0, foreignkey=1, source=BACKENDS)
def test_joins_of_a_login_by_discord_id(alice, settings, statements):
    """How many joins does a login by Discord ID take, with a backend of one's own?"""
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.DiscordBackend"]
    statements.clear()
    assert authenticate(username=DISCORD_ID, password=PASSWORD) == alice
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="MultipleObjectsReturned",
    custom_user="MultipleObjectsReturned",
    foreignkey="MultipleObjectsReturned",
    so_what="By what one logs in must be unique in the database, or the page fails for both.",
    source=docs("QuerySet API reference", "get()"),
)
def test_login_by_a_discord_id_that_two_share(alice, settings):
    """What comes of a login by Discord ID with .get(), if two players gave the same one?"""
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.DiscordBackend"]
    roster.change("alice", discord_id=DISCORD_ID)
    enrolled("bob", discord_id=DISCORD_ID)
    return outcome(lambda: authenticate(username=DISCORD_ID, password=PASSWORD))


@compare(
    proxy_model="players.Player",
    profile_onetoone="auth.User",
    custom_user="players.User",
    foreignkey="auth.User",
    mark="surprising",
    so_what="With a backend of its own a proxy works in every view.",
    source=BACKENDS,
)
def test_class_of_request_user_by_a_backend_that_reads_more(alice, client, settings):
    """What class is request.user, if a backend's get_user() reads our class or joins our table?"""
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.RicherBackend"]
    client.force_login(alice)
    return saw(label_of(client.get("/").wsgi_request.user))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=3,
    custom_user=2,
    foreignkey=3,
    so_what="A table of their own costs a statement on each page that shows the extras.",
    source=EXTENDING,
)
def test_statements_of_a_request_that_shows_the_birthdate(
    alice, client, settings, birthdate_pages, statements
):
    """How many statements does a page cost that shows its visitor's birthdate, session included?"""
    settings.AUTHENTICATION_BACKENDS = [DJANGOS_BACKEND]
    client.force_login(alice)
    statements.clear()
    assert client.get("/birthdate/").content == b"2010-05-04"
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=3,
    so_what="A one-to-one can be joined in get_user(); many rows take another statement.",
    source=BACKENDS,
)
def test_statements_of_that_request_by_a_backend_that_reads_more(
    alice, client, settings, birthdate_pages, statements
):
    """How many statements does a page that shows its visitor's birthdate cost, if the backend's
    get_user() reads the user and the person together?
    """
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.RicherBackend"]
    client.force_login(alice)
    statements.clear()
    assert client.get("/birthdate/").content == b"2010-05-04"
    return len(statements)


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="A unique index on UPPER(username) keeps a name free; it lets nobody in.",
)
def test_login_in_another_case(alice, client):
    """Can the player alice log in as ALICE?"""
    return log_in(client, "ALICE")


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="ModelBackend asks the user model's manager: one on a proxy is never asked.",
    source=docs("Customizing authentication in Django", "Writing a manager for a custom user model")
    + ", BaseUserManager.get_by_natural_key()",
)
def test_login_in_another_case_by_our_manager(alice, monkeypatch):
    """Can alice log in as ALICE, if our class's manager ignores case in get_by_natural_key()?"""

    def whatever_its_case(username):
        return User.objects.get(username__iexact=username)

    manager = PlayerModel._default_manager
    monkeypatch.setattr(manager, "get_by_natural_key", whatever_its_case, raising=False)
    return authenticate(username="ALICE", password=PASSWORD) is not None


@compare(
    proxy_model=CANNOT,
    profile_onetoone="SynchronousOnlyOperation",
    custom_user="2010-05-04",
    foreignkey="SynchronousOnlyOperation",
    mark="surprising",
    so_what="Extras in another row are a query, which async code has to await.",
    source='Django 5.2 docs, "Asynchronous support", section "Async safety"',
)
def test_birthdate_in_an_async_view(alice, client, birthdate_pages):
    """What does an async view get that reads the birthdate of `await request.auser()`?"""
    client.force_login(alice)
    try:
        return client.get("/async/").content.decode()
    except SynchronousOnlyOperation as error:
        return type(saw(error)).__name__


@compare(
    proxy_model="AttributeError",
    profile_onetoone="AttributeError",
    custom_user="AttributeError",
    foreignkey="AttributeError",
    so_what="AnonymousUser has no extras in any approach.",
    source=REFERENCE + '"AnonymousUser object"',
)
def test_birthdate_of_an_anonymous_visitor(client, birthdate_pages):
    """What does a view get that reads the birthdate of a visitor who is not logged in?"""
    return outcome(lambda: client.get("/birthdate/"))


@compare(
    proxy_model=["auth.add_user", "players.add_player"],
    profile_onetoone=["auth.add_user", "players.add_person"],
    custom_user=["players.add_user"],
    foreignkey=["auth.add_user", "players.add_person"],
    so_what="Two classes have two permissions, and staff need the right one, or both.",
    source=PROXY_PERMISSIONS,
)
def test_permissions_to_add_a_player():
    """Which permissions are there in the database to add a player, or a part of one?"""
    found = {permission("add", model) for model in (User, PlayerModel)}
    return sorted(f"{its.content_type.app_label}.{its.codename}" for its in found)


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="A person's permissions open no account.",
    source=PROXY_PERMISSIONS,
)
def test_change_permission_of_our_class_opens_the_account(alice):
    """May staff who hold only the permission to change our class open an account in the admin?"""
    staff = staff_with(permission("change", PlayerModel))
    return saw(staff.get(page("change", alice.pk)).status_code) == 200


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="The admin of a proxy asks for the proxy's own permissions: grant them anew.",
    source=PROXY_PERMISSIONS,
)
def test_change_user_permission_opens_the_account(alice):
    """May staff who hold only the permission to change the user open an account in the admin?"""
    staff = staff_with(permission("change", User))
    return saw(staff.get(page("change", alice.pk)).status_code) == 200


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="An inline asks for its own class's permissions: so extras can be kept from staff.",
    source=docs("The Django admin site", "InlineModelAdmin options")
    + ", InlineModelAdmin.has_change_permission()",
)
def test_change_user_permission_reaches_the_birthdate(alice):
    """Do staff who hold only the permission to change the user see the birthdate in the admin?"""
    assert birthdate_of(alice)
    staff = staff_with(permission("change", User))
    return "2010-05-04" in staff.get(page("change", alice.pk)).content.decode()


@compare(
    proxy_model=["auth.user", "players.player"],
    profile_onetoone=["players.person", "players.person"],
    custom_user=["players.user", "players.user"],
    foreignkey=["players.person", "players.person"],
    so_what="By default a generic relation to a proxy stores the type of auth.User.",
    source=docs("The contenttypes framework", "The ContentTypeManager") + ", get_for_model()",
)
def test_content_type_of_our_class():
    """Which content type has our class, by default and with for_concrete_model=False?"""
    found = [
        ContentType.objects.get_for_model(PlayerModel, for_concrete_model=concrete)
        for concrete in (True, False)
    ]
    return [".".join(its.natural_key()) for its in found]


@compare(
    proxy_model=True, profile_onetoone=True, custom_user=True, foreignkey=True, source=SESSIONS
)
def test_password_change_elsewhere_ends_the_session(alice, client):
    """Does a change of password in another browser log a player out in this one?"""
    elsewhere = Client()
    assert log_in(client)
    assert log_in(elsewhere)
    new = {"new_password1": "Another dragon 8", "new_password2": "Another dragon 8"}
    elsewhere.post("/password_change/", {"old_password": PASSWORD, **new})
    assert elsewhere.get("/profile/").status_code == 200
    return client.get("/profile/").status_code == 302


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="The session's hash is made from the password alone.",
    source=SESSIONS,
)
def test_change_of_an_extra_ends_the_session(alice, client):
    """Does a change of a player's birthdate and Discord ID log them out?"""
    client.force_login(alice)
    roster.change("alice", birthdate="2010-05-05", discord_id=None)
    return client.get("/profile/").status_code == 302


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="The token knows key, password, last login and e-mail, and no extra.",
    source="Django 5.2 source, django.contrib.auth.tokens.PasswordResetTokenGenerator",
)
def test_change_of_an_extra_spoils_a_reset_link(alice):
    """Does a change of birthdate and Discord ID make a password reset link invalid?"""
    token = default_token_generator.make_token(alice)
    roster.change("alice", birthdate="2010-05-05", discord_id=None)
    return not default_token_generator.check_token(User.objects.get(pk=alice.pk), token)


@compare(
    proxy_model={"mails": 1, "statements": 1},
    profile_onetoone={"mails": 1, "statements": 1},
    custom_user={"mails": 1, "statements": 1},
    foreignkey={"mails": 1, "statements": 1},
    source=RESETS + ", PasswordResetForm",
)
def test_password_reset_of_a_player(client, mailoutbox, statements):
    """How many mails does a password reset send to a player, and with how many statements?"""
    enrolled("alice", email="alice@example.org")
    statements.clear()
    client.post("/password_reset/", {"email": "alice@example.org"})
    return {"mails": len(mailoutbox), "statements": len(statements)}


def login_statements(users):
    """Return what a login on the page runs where this is the table of the users."""
    session = ("SELECT django_session", "INSERT django_session")
    return [f"SELECT {users}", *session, f"UPDATE {users}", "UPDATE django_session"]


@compare(
    proxy_model=["SELECT auth_user", *login_statements("auth_user")],
    profile_onetoone=login_statements("auth_user"),
    custom_user=login_statements("players_user"),
    foreignkey=login_statements("auth_user"),
    so_what="A login does not read the profile row. A proxy costs one more query, because its "
    "backend reads the user again as a Player.",
    source=docs("Using the Django authentication system", "How to log a user in"),
)
def test_statements_of_a_login(alice, client, statements):
    """Which statements does one login on the page /login/ run?"""
    statements.clear()
    assert log_in(client)
    return statements.verbs()


@compare(
    proxy_model=2,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    so_what="No approach makes e-mail unique by itself.",
    source="Django 5.2 source, django.contrib.auth.forms.PasswordResetForm.get_users",
)
def test_password_reset_of_two_players_with_one_email(client, mailoutbox):
    """How many mails does a password reset send, if two accounts have the same address?"""
    enrolled("alice", email="family@example.org")
    enrolled("bob", email="family@example.org")
    client.post("/password_reset/", {"email": "family@example.org"})
    return len(mailoutbox)


def with_an_old_hash(user):
    """Their password as hashed with a salt that is too short today: a login hashes it anew."""
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD, salt="short"))


@compare(
    proxy_model=["SELECT auth_user", "UPDATE auth_user", "SELECT auth_user"],
    profile_onetoone=["SELECT auth_user", "UPDATE auth_user"],
    custom_user=["SELECT players_user", "UPDATE players_user"],
    foreignkey=["SELECT auth_user", "UPDATE auth_user"],
    mark="surprising",
    so_what="A login can save the user to store a new hash, so Django sends post_save. The proxy's "
    "backend reads the user once more, as a Player.",
    source=HASHES
    + "; Django 5.2 source, django.contrib.auth.base_user.AbstractBaseUser.check_password",
)
def test_statements_of_a_password_hashed_anew(alice, statements):
    """Which statements does authenticate() run if the password's hash is out of date?"""
    with_an_old_hash(alice)
    statements.clear()
    assert authenticate(username="alice", password=PASSWORD)
    return statements.verbs()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["SELECT auth_user", "UPDATE auth_user", "SELECT person", "UPDATE person"],
    custom_user=CANNOT,
    foreignkey=["SELECT auth_user", "UPDATE auth_user", "SELECT person", "UPDATE person"],
    mark="surprising",
    so_what="A signal on every save makes a login write the person too.",
    source=HASHES,
)
def test_statements_of_a_password_hashed_anew_with_the_articles_signal(alice, statements):
    """What does authenticate() run for a password whose hash is out of date, if a signal saves the
    person at each save of the user, as in the article?
    """
    with_an_old_hash(alice)
    with person_saved_with_user():
        statements.clear()
        assert authenticate(username="alice", password=PASSWORD)
        return statements.verbs()


@compare(
    proxy_model="auth.User",
    profile_onetoone="auth.User",
    custom_user="players.User",
    foreignkey="auth.User",
    so_what="Groups lead to the user model: a proxy's methods are missing on members.",
)
def test_class_of_a_groups_members(alice):
    """What class are the members that group.user_set gives?"""
    group = Group.objects.create(name="dragons")
    group.user_set.add(alice)
    return label_of(group.user_set.get())


@compare(
    proxy_model=CANNOT,
    profile_onetoone=3,
    custom_user=2,
    foreignkey=3,
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_joins_from_a_group_to_birthdates(alice, statements):
    """How many joins does a query take that finds the groups with a member born in 2010?"""
    alice.groups.add(Group.objects.create(name="dragons"))
    statements.clear()
    assert Group.objects.get(**{f"user__{path('birthdate')}__year": 2010})
    return statements.joins()


@compare(
    proxy_model=11,
    profile_onetoone=11,
    custom_user=14,
    foreignkey=11,
    so_what="Extras on the user's row are fetched with every login, and every request.",
)
def test_columns_fetched_to_check_a_password(alice, statements):
    """How many columns does authenticate() fetch to check a player's password?"""
    statements.clear()
    authenticate(username="alice", password=PASSWORD)
    return statements[0].partition(" FROM ")[0].count(",") + 1


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="known",
    source=REFERENCE + '"Fields", User.is_active',
)
def test_login_of_a_deactivated_player(alice, client):
    """Can a player log in whose account is deactivated (is_active=False)?"""
    User.objects.filter(pk=alice.pk).update(is_active=False)
    return log_in(client)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="known",
    so_what="Queries over extras must look at is_active themselves.",
    source=REFERENCE + '"Fields", User.is_active',
)
def test_deactivated_player_keeps_the_extras(alice):
    """Does a deactivated player (is_active=False) keep birthdate and Discord ID?"""
    User.objects.filter(pk=alice.pk).update(is_active=False)
    return User.objects.filter(pk=alice.pk, **{path("discord_id"): DISCORD_ID}).exists()


@compare(
    proxy_model="auth.User",
    profile_onetoone="AttributeError",
    custom_user="players.User",
    foreignkey="AttributeError",
    so_what="Even asked of a proxy's manager, the backend answers with the user model.",
    source=REFERENCE + '"Manager methods", with_perm()',
)
def test_class_from_with_perm(alice):
    """What class are the users that with_perm() of our class's manager gives?"""
    alice.user_permissions.add(permission("view", Group))
    found = []
    failed = outcome(lambda: found.append(PlayerModel.objects.with_perm("auth.view_group").get()))
    return label_of(found[0]) if found else failed


@compare(
    proxy_model="accepted",
    profile_onetoone="AttributeError",
    custom_user="accepted",
    foreignkey="AttributeError",
    so_what="A person is no account: code must make the user first.",
    source=REFERENCE + '"Manager methods", create_user()',
)
def test_create_user_on_our_class():
    """Does our class's manager have create_user()?"""
    return outcome(lambda: PlayerModel.objects.create_user("bob", "", PASSWORD))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="The signal undoes what a second table gives: logins that need not wait for edits.",
    source="PostgreSQL 18 docs, 13.3.2. Row-Level Locks",
)
def test_login_waits_for_an_open_edit_with_the_articles_signal(transactional_db, alice):
    """Does a login wait for an open edit of the birthdate, if each save of a user saves the person
    too, as in the article?
    """

    def edit():
        person = extras_of(User.objects.get(pk=alice.pk))
        person.birthdate = person.birthdate.replace(day=1)
        person.save(update_fields=["birthdate"])

    def login():
        assert log_in(Client())

    with person_saved_with_user() if PlayerModel.__name__ == "Person" else nullcontext():
        race = at_the_same_moment(edit, login)
    if isinstance(race.first, Exception):
        raise race.first
    return race.second_waited


@compare(
    proxy_model={"request.user": "players.Player", "request.auser()": "players.Player"},
    profile_onetoone={"request.user": "auth.User", "request.auser()": "auth.User"},
    custom_user={"request.user": "players.User", "request.auser()": "players.User"},
    foreignkey={"request.user": "auth.User", "request.auser()": "auth.User"},
    mark="surprising",
    so_what="A backend has to hand out the proxy in aget_user() too, for async views.",
    source=docs("Customizing authentication in Django", "Adding an async interface"),
)
def test_class_of_request_user_as_built(alice, client):
    """What class do a view and an async view get, with this project's own settings?"""
    client.force_login(alice)
    request = client.get("/").wsgi_request
    awaited = async_to_sync(request.auser)()
    return {"request.user": label_of(request.user), "request.auser()": label_of(awaited)}


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="The sender is the class that the backend gave, compared by identity.",
    source=REFERENCE + '"Login and logout signals", user_logged_in',
)
def test_receiver_of_a_users_login_hears_a_players(alice, client):
    """Does a receiver of user_logged_in with sender=get_user_model() hear a player's login?"""
    with heard(user_logged_in, sender=User) as senders:
        assert log_in(client)
    return bool(senders)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user="2010-05-04",
    foreignkey=CANNOT,
    so_what="Elsewhere a superuser begins without extras.",
    source=CUSTOM_USER + ", REQUIRED_FIELDS",
)
def test_createsuperuser_asks_for_the_birthdate(monkeypatch):
    """What birthdate does createsuperuser store, if our class names it in REQUIRED_FIELDS?"""
    monkeypatch.setattr(PlayerModel, "REQUIRED_FIELDS", ["email", "birthdate"], raising=False)
    given = {"username": "root", "email": "root@example.org", "birthdate": "2010-05-04"}
    call_command("createsuperuser", interactive=False, verbosity=0, **given)
    return str(extras_of(User.objects.get(username="root")).birthdate)


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what="Any class can bring permissions, a proxy too.",
    source=CUSTOM_PERMISSIONS,
)
def test_permission_of_our_own(alice, monkeypatch):
    """Can our class declare a permission (Meta.permissions) that users can be given?"""
    monkeypatch.setattr(PlayerModel._meta, "permissions", [("lead_game", "Can lead a game")])
    create_permissions(apps.get_app_config("players"), verbosity=0)
    alice.user_permissions.add(Permission.objects.get(codename="lead_game"))
    return User.objects.get(pk=alice.pk).has_perm("players.lead_game")


@compare(
    proxy_model="auth.User",
    profile_onetoone="auth.User",
    custom_user="players.User",
    foreignkey="auth.User",
    mark="surprising",
    so_what="Who extends ModelBackend must override aget_user() too: the inherited one asks for "
    "AUTH_USER_MODEL.",
    source=docs("Customizing authentication in Django", "Adding an async interface"),
)
def test_class_of_auser_by_a_backend_without_aget_user(alice, client, settings):
    """What class does an async view get, if the backend reads our class in get_user() only?"""
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.RicherBackend"]
    client.force_login(alice)
    return label_of(async_to_sync(client.get("/").wsgi_request.auser)())
