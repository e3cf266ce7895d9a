"""Authentication and permissions"""

import json
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
from suite.compare import CANNOT, at_least, at_most, code, compare, docs
from suite.outcomes import heard, outcome, saw
from suite.sessions import at_the_same_moment
from suite.variant import PASSWORD, PlayerModel, User, enrolled, extras_of, path

# Where Django's docs speak of it.
CUSTOM_USER = docs("Customizing authentication in Django", "Specifying a custom user model")
EXTENDING = docs("Customizing authentication in Django", "Extending the existing User model")
PROXIES = docs("Customizing authentication in Django", "Custom users and proxy models")
BACKENDS = docs("Customizing authentication in Django", "Writing an authentication backend")
CUSTOM_PERMISSIONS = docs("Customizing authentication in Django", "Custom permissions")
PROXY_PERMISSIONS = (
    docs("Using the Django authentication system", "Proxy models") + "; Django ticket #11154"
)
SESSIONS = docs("Using the Django authentication system", "Session invalidation on password change")
RESETS = docs("Using the Django authentication system", "Built-in forms")
HASHES = docs("Password management in Django", "Password upgrading")


def reference(section):
    return docs("django.contrib.auth", section)


DJANGOS_BACKEND = "django.contrib.auth.backends.ModelBackend"
DISCORD_ID = "100000000000000001"  # alice's


class DiscordBackend(ModelBackend):
    """Find users by their Discord ID."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        user = User.objects.get(**{path("discord_id"): username})
        return user if user.check_password(password) else None


class RicherBackend(ModelBackend):
    """Read the user together with the profile row, or the variant's own model."""

    def get_user(self, user_id):
        users = PlayerModel.objects if issubclass(PlayerModel, User) else User.objects
        if hasattr(User, "person_set"):
            users = users.prefetch_related("person_set")
        elif hasattr(User, "person"):
            users = users.select_related("person")
        return users.get(pk=user_id)


def birthdate_of(user):
    """Return the birthdate from the newest profile row, prefetched or not, or from the user."""
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
    """Log in on the page /login/ and return whether that succeeded."""
    response = client.post("/login/", {"username": username, "password": PASSWORD})
    return response.status_code == 302


def label_of(user):
    """Return the name of the user's class in the app registry, such as "auth.User"."""
    return user._meta.label


@compare(
    proxy_model="auth.User",
    profile_onetoone="auth.User",
    custom_user="players.User",
    foreignkey="auth.User",
    mark="known",
    so_what=(
        "ModelBackend returns the model that AUTH_USER_MODEL names. To get a proxy of auth.User, "
        "write a backend whose get_user() returns the proxy."
    ),
    source=reference("Utility functions") + ", get_user()",
    fits=["players.Player", "players.User"],
    costs=["auth.User"],
)
def test_class_of_request_user(alice, client, settings):
    """Which class does request.user have with Django's ModelBackend?"""
    settings.AUTHENTICATION_BACKENDS = [DJANGOS_BACKEND]
    client.force_login(alice)
    return saw(label_of(client.get("/").wsgi_request.user))


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what=(
        "With ModelBackend, the logged-in user has no methods of your proxy or profile model. "
        "Write a backend that returns the proxy, or use a custom user."
    ),
    source=docs("Models", "QuerySets still return the model that was requested"),
    fits=[True],
    costs=[False],
)
def test_authenticate_gives_the_listed_class(alice, settings):
    """Does authenticate() with ModelBackend return an instance of the variant's own model (Player,
    Person or User)?"""
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
    so_what=(
        "In AUTH_USER_MODEL, name a custom user model, not a profile or a proxy of auth.User. The "
        "setting swaps out auth.User, and Django refuses a proxy of a swapped model."
    ),
    source=PROXIES,
    fits=["accepted"],
)
def test_listed_class_as_auth_user_model(project):
    """AUTH_USER_MODEL names the variant's own model (Player, Person or User). What does the command
    `check --tag models` report?"""
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
    so_what=(
        "ModelBackend looks users up by USERNAME_FIELD. To let users log in by another field as "
        "well, write an authentication backend."
    ),
    source=reference("Available authentication backends") + ", ModelBackend",
)
def test_login_by_discord_id_with_djangos_backend(alice, settings):
    """Can a user log in with the Discord ID instead of the username if Django's ModelBackend is
    used?"""
    settings.AUTHENTICATION_BACKENDS = [DJANGOS_BACKEND]
    return authenticate(username=DISCORD_ID, password=PASSWORD) is not None


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["auth.E003"],
    foreignkey=[],
    so_what=(
        "If you use ModelBackend alone, make a custom user's USERNAME_FIELD unique. On a proxy or "
        "profile, Django ignores USERNAME_FIELD and reports nothing."
    ),
    source=CUSTOM_USER + ", USERNAME_FIELD",
)
def test_checks_of_username_field_discord_id(monkeypatch):
    """The variant's own model (Player, Person or User) sets USERNAME_FIELD = "discord_id". Which
    errors do Django's checks report?"""
    monkeypatch.setattr(PlayerModel, "USERNAME_FIELD", "discord_id", raising=False)
    return [saw(message).id for message in check_user_model(app_configs=None)]


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "To log in by e-mail, choose a custom user or write a backend. On a proxy or profile, "
        "Django ignores USERNAME_FIELD and raises no error."
    ),
    source=CUSTOM_USER + ", USERNAME_FIELD",
    fits=[True],
    costs=[False],
    top=True,
)
def test_username_field_changes_the_login(monkeypatch):
    """The variant's own model (Player, Person or User) sets USERNAME_FIELD = "email". Can a user
    log in by e-mail?"""
    enrolled("alice", email="alice@example.org")
    monkeypatch.setattr(PlayerModel, "USERNAME_FIELD", "email", raising=False)
    return authenticate(username="alice@example.org", password=PASSWORD) is not None


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    so_what=(
        "A login by a profile's field joins the profile table. To avoid the join, keep the field "
        "that users log in with on a custom user."
    ),
    source=BACKENDS,
    fits=[0],
    costs=at_least(1),
)
def test_joins_of_a_login_by_discord_id(alice, settings, statements):
    """An authentication backend finds users by Discord ID. How many joins does a login take?"""
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.DiscordBackend"]
    statements.clear()
    assert authenticate(username=DISCORD_ID, password=PASSWORD) == alice
    return statements.joins()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="MultipleObjectsReturned",
    custom_user="MultipleObjectsReturned",
    foreignkey="MultipleObjectsReturned",
    so_what=(
        "Make the field that users log in with unique in the database. Otherwise a backend that "
        "calls get() logs in neither of two users with the same value."
    ),
    source=docs("QuerySet API reference", "get()"),
)
def test_login_by_a_discord_id_that_two_share(alice, settings):
    """Two users have the same Discord ID, and a backend finds users by get(). What does a login
    raise?"""
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
    so_what=(
        "If your backend's get_user() returns a proxy, request.user has the proxy's methods in "
        "synchronous views. Loading a profile does not change the class."
    ),
    source=BACKENDS,
    fits=["players.Player", "players.User"],
    costs=["auth.User"],
)
def test_class_of_request_user_by_a_backend_that_reads_more(alice, client, settings):
    """A backend's get_user() returns a Player (proxy_model), or the user together with the profile.
    Which class does request.user have?"""
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.RicherBackend"]
    client.force_login(alice)
    return saw(label_of(client.get("/").wsgi_request.user))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=3,
    custom_user=2,
    foreignkey=3,
    so_what=(
        "To show an extra field of request.user, a profile takes one more query than a custom "
        "user. For a OneToOneField, avoid this query by select_related() in the backend's "
        "get_user()."
    ),
    source=EXTENDING,
    fits=at_most(2),
    costs=at_least(3),
)
def test_statements_of_a_request_that_shows_the_birthdate(
    alice, client, settings, birthdate_pages, statements
):
    """Sessions are kept in the database. How many statements does a page that shows the logged-in
    user's birthdate run?"""
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
    so_what=(
        "Call select_related() in your backend's get_user() to load a OneToOne profile without "
        "another query. A ForeignKey profile needs prefetch_related(), one query more."
    ),
    source=BACKENDS,
    fits=at_most(2),
    costs=at_least(3),
)
def test_statements_of_that_request_by_a_backend_that_reads_more(
    alice, client, settings, birthdate_pages, statements
):
    """A backend's get_user() also loads the profile, and sessions are kept in the database. How
    many statements does a page with the logged-in user's birthdate run?"""
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
    so_what=(
        "Logins respect case, even with a unique index on UPPER(username). To ignore case, "
        "override get_by_natural_key() in a custom user's manager, or write a backend."
    ),
)
def test_login_in_another_case(alice, client):
    """The username is alice. Can this user log in as ALICE?"""
    return log_in(client, "ALICE")


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "To let the login ignore case, override get_by_natural_key() and "
        "aget_by_natural_key() in a custom user's manager. ModelBackend does not use the "
        "manager of a proxy or profile."
    ),
    source=(
        docs("Customizing authentication in Django", "Writing a manager for a custom user model")
        + ", BaseUserManager.get_by_natural_key()"
    ),
    fits=[True],
    costs=[False],
)
def test_login_in_another_case_by_our_manager(alice, monkeypatch):
    """get_by_natural_key() ignores case in the manager of the variant's own model (Player, Person
    or User). Can alice log in as ALICE?"""

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
    so_what=(
        "In an async view, load a profile with an awaited query before you read it. Reading a "
        "profile that is not loaded yet raises SynchronousOnlyOperation."
    ),
    source=docs("Asynchronous support", "Async safety"),
    fits=["2010-05-04"],
    costs=["SynchronousOnlyOperation"],
)
def test_birthdate_in_an_async_view(alice, client, birthdate_pages):
    """An async view awaits request.auser() and then reads the user's birthdate without another
    await. What happens?"""
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
    so_what=(
        "AnonymousUser has no extra fields in any approach. Check request.user.is_authenticated "
        "before you read them."
    ),
    source=reference("AnonymousUser object"),
)
def test_birthdate_of_an_anonymous_visitor(client, birthdate_pages):
    """What happens if a view reads request.user's birthdate and the visitor is not logged in?"""
    return outcome(lambda: client.get("/birthdate/"))


@compare(
    proxy_model=["auth.add_user", "players.add_player"],
    profile_onetoone=["auth.add_user", "players.add_person"],
    custom_user=["players.add_user"],
    foreignkey=["auth.add_user", "players.add_person"],
    so_what=(
        "A proxy or a profile model has permissions of its own, beside those of User. Grant staff "
        "the permissions for each model that your admin shows."
    ),
    source=PROXY_PERMISSIONS,
)
def test_permissions_to_add_a_player():
    """Which permissions does Django create to add users and objects of the variant's own model
    (Player, Person or User)?"""
    found = {permission("add", model) for model in (User, PlayerModel)}
    return sorted(f"{its.content_type.app_label}.{its.codename}" for its in found)


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "Grant staff the permission for the model that your admin lists as users. The permission "
        "to change profiles does not open a user's page."
    ),
    source=PROXY_PERMISSIONS,
)
def test_change_permission_of_our_class_opens_the_account(alice):
    """Staff may only change the variant's own model (Player, Person or User). Can they open a
    user's page in the variant's admin?"""
    staff = staff_with(permission("change", PlayerModel))
    return saw(staff.get(page("change", alice.pk)).status_code) == 200


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "If your admin lists a proxy, grant staff the proxy's permissions. The permissions for "
        "auth.User do not open the pages of the proxy."
    ),
    source=PROXY_PERMISSIONS,
    fits=[True],
    costs=[False],
)
def test_change_user_permission_opens_the_account(alice):
    """Staff have only the permission to change User. Can they open a user's page in the variant's
    admin?"""
    staff = staff_with(permission("change", User))
    return saw(staff.get(page("change", alice.pk)).status_code) == 200


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what=(
        "To hide extra fields from staff who may edit users, show the fields in a profile's "
        "inline, and do not grant the permissions for the profile model."
    ),
    source=(
        docs("The Django admin site", "InlineModelAdmin options")
        + ", InlineModelAdmin.has_change_permission()"
    ),
)
def test_change_user_permission_reaches_the_birthdate(alice):
    """Staff have only the permission to change User. Do they see a user's birthdate in the
    variant's admin?"""
    assert birthdate_of(alice)
    staff = staff_with(permission("change", User))
    return "2010-05-04" in staff.get(page("change", alice.pk)).content.decode()


@compare(
    proxy_model={"default": "auth.user", "for_concrete_model=False": "players.player"},
    profile_onetoone={"default": "players.person", "for_concrete_model=False": "players.person"},
    custom_user={"default": "players.user", "for_concrete_model=False": "players.user"},
    foreignkey={"default": "players.person", "for_concrete_model=False": "players.person"},
    so_what=(
        "By default, a generic relation to a proxy stores the content type of its concrete model. "
        "Set for_concrete_model=False on the GenericForeignKey to store the proxy's content type."
    ),
    source=docs("The contenttypes framework", "The ContentTypeManager") + ", get_for_model()",
)
def test_content_type_of_our_class():
    """Which content type does get_for_model() return for the variant's own model (Player, Person or
    User)?"""
    found = {
        "default": ContentType.objects.get_for_model(PlayerModel),
        "for_concrete_model=False": ContentType.objects.get_for_model(
            PlayerModel, for_concrete_model=False
        ),
    }
    return {how: ".".join(its.natural_key()) for how, its in found.items()}


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what=(
        "A new password ends the user's other sessions. If your own view changes the password, "
        "call update_session_auth_hash() to keep the current session."
    ),
    source=SESSIONS,
)
def test_password_change_elsewhere_ends_the_session(alice, client):
    """A user is logged in with two browsers and changes the password in one of them. Is the user
    then logged out in the other browser?"""
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
    so_what=(
        "You can change extra fields and users stay logged in. A session depends on the hash of "
        "the password, not on extra fields."
    ),
    source=SESSIONS,
)
def test_change_of_an_extra_ends_the_session(alice, client):
    """Does a change of a user's birthdate and Discord ID log the user out?"""
    client.force_login(alice)
    roster.change("alice", birthdate="2010-05-05", discord_id=None)
    return client.get("/profile/").status_code == 302


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what=(
        "You can change extra fields while a password reset link is open. The link becomes "
        "invalid if the password, last login or e-mail changes, or when it expires."
    ),
    source=code("django.contrib.auth.tokens.PasswordResetTokenGenerator"),
)
def test_change_of_an_extra_spoils_a_reset_link(alice):
    """Does a change of a user's birthdate and Discord ID invalidate a password reset link?"""
    token = default_token_generator.make_token(alice)
    roster.change("alice", birthdate="2010-05-05", discord_id=None)
    return not default_token_generator.check_token(User.objects.get(pk=alice.pk), token)


@compare(
    proxy_model={"mails": 1, "statements": 1},
    profile_onetoone={"mails": 1, "statements": 1},
    custom_user={"mails": 1, "statements": 1},
    foreignkey={"mails": 1, "statements": 1},
    so_what=(
        "A password reset request reads just the user table, unless your mail template shows a "
        "profile's fields. This is no reason to choose between the approaches."
    ),
    source=RESETS + ", PasswordResetForm",
)
def test_password_reset_of_a_player(client, mailoutbox, statements):
    """A user requests a password reset. How many mails and SQL statements does this request
    cause?"""
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
    so_what=(
        "A profile does not slow down a login, because no profile row is read. A backend that "
        "loads the user again as a proxy runs one more query."
    ),
    source=docs("Using the Django authentication system", "How to log a user in"),
)
def test_statements_of_a_login(alice, client, statements):
    """Sessions are kept in the database. Which statements does a login on the page /login/ run?"""
    statements.clear()
    assert log_in(client)
    return statements.verbs()


@compare(
    proxy_model=2,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    so_what=(
        "Django does not make e-mail unique, and each account gets a reset mail. If an address "
        "should have one account, add a unique index that leaves out empty addresses."
    ),
    source=code("django.contrib.auth.forms.PasswordResetForm.get_users"),
)
def test_password_reset_of_two_players_with_one_email(client, mailoutbox):
    """Two users have the same e-mail address. How many mails does a password reset for this address
    send?"""
    enrolled("alice", email="family@example.org")
    enrolled("bob", email="family@example.org")
    client.post("/password_reset/", {"email": "family@example.org"})
    return len(mailoutbox)


def with_an_old_hash(user):
    """Store a hash whose salt is too short today, so that a login hashes the password again."""
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD, salt="short"))


@compare(
    proxy_model=["SELECT auth_user", "UPDATE auth_user", "SELECT auth_user"],
    profile_onetoone=["SELECT auth_user", "UPDATE auth_user"],
    custom_user=["SELECT players_user", "UPDATE players_user"],
    foreignkey=["SELECT auth_user", "UPDATE auth_user"],
    mark="surprising",
    so_what=(
        "Let a post_save receiver for new users return early unless created is True. A login with "
        "an outdated password hash also saves the user and calls the receiver."
    ),
    source=HASHES + "; " + code("django.contrib.auth.base_user.AbstractBaseUser.check_password"),
)
def test_statements_of_a_password_hashed_anew(alice, statements):
    """A user's password hash uses outdated settings. Which statements does authenticate() run with
    the right password?"""
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
    so_what=(
        "Let a receiver return early unless created is True. If it saves the profile at each save "
        "of the user, a login that renews the password hash writes the profile."
    ),
    source=HASHES,
)
def test_statements_of_a_password_hashed_anew_with_the_articles_signal(alice, statements):
    """A post_save receiver saves the profile at each save of the user, whose password hash is
    outdated. Which statements does authenticate() run?"""
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
    so_what=(
        "group.user_set returns instances of AUTH_USER_MODEL. To get a proxy's methods, query the "
        "proxy, such as Player.objects.filter(groups=group)."
    ),
    fits=["players.User"],
    costs=["auth.User"],
)
def test_class_of_a_groups_members(alice):
    """Which class do the users in group.user_set have?"""
    group = Group.objects.create(name="dragons")
    group.user_set.add(alice)
    return label_of(group.user_set.get())


@compare(
    proxy_model=CANNOT,
    profile_onetoone=3,
    custom_user=2,
    foreignkey=3,
    so_what=(
        "Expect one more join if a query filters groups by a profile's field instead of a custom "
        "user's field."
    ),
    source=docs("Making queries", "Lookups that span relationships"),
)
def test_joins_from_a_group_to_birthdates(alice, statements):
    """A query finds the groups that have a member born in 2010. How many joins does it take?"""
    alice.groups.add(Group.objects.create(name="dragons"))
    statements.clear()
    assert Group.objects.get(**{f"user__{path('birthdate')}__year": 2010})
    return statements.joins()


@compare(
    proxy_model=11,
    profile_onetoone=11,
    custom_user=14,
    foreignkey=11,
    so_what=(
        "Keep large fields in a profile, not in a custom user. By default Django loads each "
        "column of the user table at login and for request.user."
    ),
)
def test_columns_fetched_to_check_a_password(alice, statements):
    """How many columns does authenticate() fetch to check a password?"""
    statements.clear()
    authenticate(username="alice", password=PASSWORD)
    return statements[0].partition(" FROM ")[0].count(",") + 1


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="known",
    so_what=(
        "ModelBackend refuses users with is_active=False. Deactivate accounts that you may need "
        "again, instead of deleting them."
    ),
    source=reference("Fields") + ", User.is_active",
)
def test_login_of_a_deactivated_player(alice, client):
    """Can a user log in whose account is deactivated (is_active=False)?"""
    User.objects.filter(pk=alice.pk).update(is_active=False)
    return log_in(client)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="known",
    so_what=(
        "Deactivating a user keeps the extra fields, and queries still find the user. Filter by "
        "is_active, and erase the extra fields yourself if you may not keep them."
    ),
    source=reference("Fields") + ", User.is_active",
)
def test_deactivated_player_keeps_the_extras(alice):
    """Does a deactivated user (is_active=False) keep the birthdate and the Discord ID?"""
    User.objects.filter(pk=alice.pk).update(is_active=False)
    return User.objects.filter(pk=alice.pk, **{path("discord_id"): DISCORD_ID}).exists()


@compare(
    proxy_model="auth.User",
    profile_onetoone="AttributeError",
    custom_user="players.User",
    foreignkey="AttributeError",
    so_what=(
        "with_perm() returns instances of the user model, even on a proxy's manager. A profile's "
        "manager has no with_perm(), so call it on User.objects."
    ),
    source=reference("Manager methods") + ", with_perm()",
)
def test_class_from_with_perm(alice):
    """Code calls with_perm() on the manager of the variant's own model (Player, Person or User).
    What does with_perm() return?"""
    alice.user_permissions.add(permission("view", Group))
    found = []
    failed = outcome(lambda: found.append(PlayerModel.objects.with_perm("auth.view_group").get()))
    return label_of(found[0]) if found else failed


@compare(
    proxy_model="accepted",
    profile_onetoone="AttributeError",
    custom_user="accepted",
    foreignkey="AttributeError",
    so_what=(
        "A profile's manager has no create_user(), because a profile is not an account. Create the "
        "user first, then the profile."
    ),
    source=reference("Manager methods") + ", create_user()",
    fits=["accepted"],
    costs=["AttributeError"],
)
def test_create_user_on_our_class():
    """What happens if you call create_user() on the manager of the variant's own model (Player,
    Person or User)?"""
    return outcome(lambda: PlayerModel.objects.create_user("bob", "", PASSWORD))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Do not save the profile at each save of the user. Each login then saves the profile too, "
        "and waits for an uncommitted edit of that profile."
    ),
    source="PostgreSQL 18 docs, 13.3.2. Row-Level Locks",
    fits=[False],
    costs=[True],
)
def test_login_waits_for_an_open_edit_with_the_articles_signal(transactional_db, alice):
    """A post_save receiver saves the profile at each save of the user. Does a login wait while an
    edit of that user's birthdate is uncommitted?"""

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
    so_what=(
        "If your ModelBackend subclass returns a proxy, override aget_user() as well as "
        "get_user(). Otherwise request.auser() in async views returns a plain User."
    ),
    source=docs("Customizing authentication in Django", "Adding an async interface"),
)
def test_class_of_request_user_as_built(alice, client):
    """In proxy_model, a custom backend returns Player. Of which class are request.user and the
    result of request.auser()?"""
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
    so_what=(
        "If your backend returns a proxy, connect receivers of user_logged_in without a sender. "
        "This signal's sender is the class of the object that the backend returned."
    ),
    source=reference("Login and logout signals") + ", user_logged_in",
    fits=[True],
    costs=[False],
)
def test_receiver_of_a_users_login_hears_a_players(alice, client):
    """A receiver is connected to user_logged_in with sender=get_user_model(). Does Django call the
    receiver when a user logs in?"""
    with heard(user_logged_in, sender=User) as senders:
        assert log_in(client)
    return bool(senders)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user="2010-05-04",
    foreignkey=CANNOT,
    so_what=(
        "With a profile, fill in a superuser's extra fields after createsuperuser. The command "
        "asks for REQUIRED_FIELDS of the user model, not of a profile."
    ),
    source=CUSTOM_USER + ", REQUIRED_FIELDS",
    fits=["2010-05-04"],
    costs=[CANNOT],
)
def test_createsuperuser_asks_for_the_birthdate(monkeypatch):
    """The variant's own model (Player, Person or User) names birthdate in REQUIRED_FIELDS. Which
    birthdate does createsuperuser store if given 2010-05-04?"""
    monkeypatch.setattr(PlayerModel, "REQUIRED_FIELDS", ["email", "birthdate"], raising=False)
    given = {"username": "root", "email": "root@example.org", "birthdate": "2010-05-04"}
    call_command("createsuperuser", interactive=False, verbosity=0, **given)
    return str(extras_of(User.objects.get(username="root")).birthdate)


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what=(
        "Any model can declare permissions, even a proxy. You need no custom user model for that."
    ),
    source=CUSTOM_PERMISSIONS,
)
def test_permission_of_our_own(alice, monkeypatch):
    """The variant's own model (Player, Person or User) declares a permission in Meta.permissions.
    Can you grant this permission to a user?"""
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
    so_what=(
        "If your backend overrides get_user() to return a proxy, override aget_user() too. The "
        "inherited aget_user() returns an instance of AUTH_USER_MODEL."
    ),
    source=docs("Customizing authentication in Django", "Adding an async interface"),
)
def test_class_of_auser_by_a_backend_without_aget_user(alice, client, settings):
    """A ModelBackend subclass overrides get_user() but not aget_user(). Which class does an async
    view get from request.auser()?"""
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.RicherBackend"]
    client.force_login(alice)
    return label_of(async_to_sync(client.get("/").wsgi_request.auser)())


@compare(
    proxy_model="argument unknown",
    profile_onetoone="argument unknown",
    custom_user="ValueError",
    foreignkey="argument unknown",
    mark="surprising",
    so_what=(
        "Leave a ForeignKey out of REQUIRED_FIELDS, or write a create_superuser() that accepts a "
        "key. createsuperuser --noinput passes the key, but Django's UserManager expects an "
        "object."
    ),
    source=docs("Customizing authentication in Django", "Specifying a custom user model"),
)
def test_createsuperuser_with_a_foreign_key_in_required_fields(project):
    """The variant's own model (Player, Person or User) names a ForeignKey in REQUIRED_FIELDS. What
    happens if createsuperuser --noinput gets a key for this field?"""
    project.declare(
        'friend = models.ForeignKey("self", models.CASCADE, null=True)\n'
        '    REQUIRED_FIELDS = ["friend"]'
    )
    project.manage("makemigrations", "players")
    project.manage("migrate")
    project.manage("shell", "-c", "from players.models import *; User.objects.create_user('bob')")
    [[key]] = project.sql(f"SELECT id FROM {User._meta.db_table}")
    made = project.manage(
        "createsuperuser", "--noinput", "--username", "root", "--friend", str(key)
    )
    return "argument unknown" if "unrecognized arguments" in made.printed else made.outcome


MEMBER = """
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

class Member(AbstractBaseUser):
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
"""
OVERRIDE = """
import json
from django.contrib.admin.models import LogEntry
from django.contrib.auth import backends, get_user_model
from django.test import override_settings

with override_settings(AUTH_USER_MODEL="guild.Member"):
    print(json.dumps({
        "get_user_model()": get_user_model()._meta.label,
        "login backend": backends.UserModel._meta.label,
        "LogEntry.user": LogEntry._meta.get_field("user").related_model._meta.label,
    }))
"""


def under_override(user):
    """Return what names Member under the override, and what still names the user of before."""
    return {
        "get_user_model()": "guild.Member",
        "login backend": "guild.Member",
        "LogEntry.user": user,
    }


@compare(
    proxy_model=under_override("auth.User"),
    profile_onetoone=under_override("auth.User"),
    custom_user=under_override("players.User"),
    foreignkey=under_override("auth.User"),
    mark="surprising",
    so_what=(
        "Test another user model in a project with settings of its own. "
        "override_settings(AUTH_USER_MODEL=...) does not change existing foreign keys and tables."
    ),
    source=docs("Customizing authentication in Django", "Substituting a custom User model")
    + "; "
    + code("django.test.signals.user_model_swapped"),
)
def test_user_model_overridden_in_a_test(project):
    """A test sets AUTH_USER_MODEL to guild.Member with override_settings(). To which model do
    get_user_model(), the login backend and LogEntry.user refer?"""
    project.install("guild", MEMBER)
    ran = project.manage("shell", "-v0", "-c", OVERRIDE)
    assert ran.code == 0
    return json.loads(ran.printed)
