"""APIs, tokens and social login"""

from contextlib import contextmanager
from datetime import date

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from drf_writable_nested.serializers import WritableNestedModelSerializer
from rest_framework import serializers
from rest_framework_simplejwt.authentication import (
    JWTAuthentication,
    JWTStatelessUserAuthentication,
)
from rest_framework_simplejwt.tokens import AccessToken
from social_core.backends.discord import DiscordOAuth2

from suite.compare import ANYTHING_ELSE, CANNOT, at_least, compare
from suite.conftest import ALICE
from suite.outcomes import outcome, rows, saw
from suite.variant import (
    PASSWORD,
    PlayerModel,
    User,
    enrolled,
    extras_class,
    extras_of,
    path,
)

OLD, NEW = date(2010, 5, 4), date(1999, 9, 9)
SIGNUP = {"username": "bob", "email": "bob@example.org", "birthdate": "1999-09-09"}


def has_birthdate(username):
    """Return whether the birthdate NEW is stored. Raise FieldError if no field can hold one."""
    return User.objects.filter(username=username, **{path("birthdate"): NEW}).exists()


# --- djoser


def djoser_stores_a_birthdate():
    response = Client().post("/djoser/users/", SIGNUP | {"password": PASSWORD})
    assert saw(response.status_code) == 201
    return has_birthdate("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    costs=[False],
    so_what=(
        "djoser accepts the request and ignores fields that its serializer does not name. Add the "
        "extra fields to a subclass of UserCreateSerializer, and name this subclass in "
        "SERIALIZERS."
    ),
    source='djoser 2.3 docs, "Settings", SERIALIZERS',
)
def test_birthdate_sent_to_djoser(site):
    """A client sends a birthdate to djoser's unchanged registration endpoint. Does djoser store the
    birthdate?"""
    return site.ask(djoser_stores_a_birthdate)


def djosers_serializer_with_a_birthdate():
    from djoser.serializers import UserCreateSerializer

    class WithBirthdate(UserCreateSerializer):
        class Meta(UserCreateSerializer.Meta):
            fields = (*UserCreateSerializer.Meta.fields, "birthdate")

    def register():
        serializer = WithBirthdate(data=SIGNUP | {"password": PASSWORD})
        serializer.is_valid(raise_exception=True)
        serializer.save()
        assert has_birthdate("bob")

    return outcome(register)


@compare(
    proxy_model="ImproperlyConfigured",
    profile_onetoone="ImproperlyConfigured",
    custom_user="accepted",
    foreignkey="ImproperlyConfigured",
    fits=["accepted"],
    costs=ANYTHING_ELSE,
    so_what=(
        "For a custom user, add the extra field to Meta.fields of djoser's serializer. For a "
        "profile, declare the field, and override validate() and perform_create()."
    ),
    source='djoser 2.3 docs, "Settings", SERIALIZERS',
)
def test_birthdate_in_the_fields_of_djosers_serializer(site):
    """A subclass of djoser's UserCreateSerializer adds "birthdate" to Meta.fields. What happens
    when a client registers with a birthdate?"""
    return site.ask(djosers_serializer_with_a_birthdate)


# --- dj-rest-auth


def register_with_dj_rest_auth(custom_signup):
    """Register bob with a serializer that declares the birthdate and has this custom_signup()."""
    from dj_rest_auth.registration.serializers import RegisterSerializer

    class WithBirthdate(RegisterSerializer):
        birthdate = serializers.DateField()

        def custom_signup(self, request, user):
            custom_signup(user)

    request = RequestFactory().post("/dj-rest-auth/registration/")
    request.session = SessionStore()
    serializer = WithBirthdate(data=SIGNUP | {"password1": PASSWORD, "password2": PASSWORD})
    serializer.is_valid(raise_exception=True)
    serializer.save(request)


def dj_rest_auth_stores_a_declared_birthdate():
    register_with_dj_rest_auth(custom_signup=lambda user: None)
    return has_birthdate("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    costs=[False],
    so_what=(
        "dj-rest-auth validates a declared extra field but does not store its value, even with a "
        "custom user. Store the value in the serializer's custom_signup()."
    ),
    source="dj-rest-auth 7.2 source, dj_rest_auth.registration.serializers.RegisterSerializer",
)
def test_birthdate_declared_for_dj_rest_auth(site):
    """A subclass of dj-rest-auth's RegisterSerializer declares a field birthdate and overrides
    nothing else. Does a registration store the birthdate?"""
    return site.ask(dj_rest_auth_stores_a_declared_birthdate)


def rows_in_custom_signup():
    counted = []

    def count(user):
        users = User.objects.filter(pk=user.pk, **{f"{path('pk')}__isnull": False})
        counted.append(users.values(path("birthdate")).count())

    register_with_dj_rest_auth(custom_signup=count)
    return counted[0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    fits=at_least(1),
    costs=[0],
    so_what=(
        "dj-rest-auth saves the user before it calls custom_signup(). In custom_signup(), set a "
        "custom user's fields and save again, or update or create the profile row."
    ),
    source="dj-rest-auth 7.2 source, dj_rest_auth.registration.serializers.RegisterSerializer",
)
def test_rows_in_custom_signup_of_dj_rest_auth(site):
    """dj-rest-auth saves a new user and then calls custom_signup(). How many rows with this user's
    extra fields exist at that moment?"""
    return site.ask(rows_in_custom_signup)


# --- drf-writable-nested


def writable():
    """Return a serializer of drf-writable-nested: username, and the birthdate of user or profile.

    The birthdate is in a nested serializer if a profile holds it.
    """
    nested = {}
    if PlayerModel.__name__ == "Person":
        meta = type("Meta", (), {"model": PlayerModel, "fields": ["birthdate"]})
        person = type("PersonSerializer", (serializers.ModelSerializer,), {"Meta": meta})
        many = hasattr(User, "person_set")
        nested = {"person_set": person(many=True)} if many else {"person": person()}
    meta = type("Meta", (), {"model": User, "fields": ["username", *(nested or ["birthdate"])]})
    return type("UserSerializer", (WritableNestedModelSerializer,), {"Meta": meta, **nested})


def sent():
    """Return what a client sends for bob: a username, and a birthdate where the serializer asks."""
    birthdate = {"birthdate": NEW.isoformat()}
    return {"username": "bob", "person": birthdate, "person_set": [birthdate], **birthdate}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    fits=[1],
    so_what=(
        "drf-writable-nested stores user and profile without a create() of yours. With a receiver "
        "that creates ForeignKey profiles, however, the user gets a second profile row."
    ),
    source='drf-writable-nested 0.7 README, section "Usage"',
)
def test_writable_nested_serializer_creates_a_user():
    """A serializer of drf-writable-nested creates a user with a birthdate from one request. How
    many rows with the user's extra fields exist afterwards?"""
    writing = writable()(data=sent())
    writing.is_valid(raise_exception=True)
    writing.save()
    assert has_birthdate("bob")
    return User.objects.filter(username="bob").values(path("birthdate")).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[True],
    fails=[False],
    so_what=(
        "For a ForeignKey profile, let clients of drf-writable-nested send the profile's id, and "
        "check its owner. Without the id, the row is replaced and its other values are lost."
    ),
    source='drf-writable-nested 0.7 README, section "Usage"',
)
def test_writable_nested_serializer_updates_a_user(alice):
    """A client of drf-writable-nested sends a user's new birthdate without the profile's id. Does
    the user keep the Discord ID?"""
    writing = writable()(User.objects.get(pk=alice.pk), data=sent())
    writing.is_valid(raise_exception=True)
    writing.save()
    assert has_birthdate("bob")
    return extras_of(User.objects.get(pk=alice.pk)).discord_id is not None


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"alice": "carol's", "carol": "carol's"},
    custom_user={"alice": "alice's", "carol": "carol's"},
    foreignkey={"alice": "carol's", "carol": "none"},
    mark="surprising",
    fits=[{"alice": "alice's", "carol": "carol's"}],
    fails=ANYTHING_ELSE,
    so_what=(
        "Before you save, reject profile ids that do not belong to the user. drf-writable-nested "
        "looks an id up among the profiles of all users."
    ),
    source="drf-writable-nested 0.7 source, "
    "drf_writable_nested.mixins.BaseNestedModelSerializer._prefetch_related_instances",
)
def test_writable_nested_serializer_with_another_users_id(alice):
    """A client of drf-writable-nested updates alice but sends the id of carol's profile. Whose
    Discord ID do alice and carol have afterwards?"""
    carol = enrolled("carol", discord_id="100000000000000009")
    row = {"birthdate": NEW.isoformat(), "pk": extras_of(carol).pk}
    data = {**sent(), "person": row, "person_set": [row]}
    writing = writable()(User.objects.get(pk=alice.pk), data=data)
    writing.is_valid(raise_exception=True)
    writing.save()
    names = {ALICE["discord_id"]: "alice's", "100000000000000009": "carol's", None: "none"}
    ids = User.objects.values_list(path("discord_id"), flat=True)
    return {
        "alice": names[ids.get(pk=alice.pk)],
        "carol": names[ids.get(pk=carol.pk)],
    }


# --- djangorestframework-simplejwt


def user_of(token, authentication=JWTAuthentication):
    """Return the user whom a request with this access token gets."""
    request = RequestFactory().get("/", headers={"authorization": f"Bearer {token}"})
    user, _ = authentication().authenticate(request)
    return user


@compare(
    proxy_model=["exp", "iat", "jti", "token_type", "user_id"],
    profile_onetoone=["exp", "iat", "jti", "token_type", "user_id"],
    custom_user=["exp", "iat", "jti", "token_type", "user_id"],
    foreignkey=["exp", "iat", "jti", "token_type", "user_id"],
    so_what="By default a JWT holds the user's id and no extra field. Read extra fields from the "
    "database, or add your own claims.",
    source='djangorestframework-simplejwt 5.5 docs, "Customizing token claims"',
)
def test_claims_of_a_jwt(alice):
    """Which claims does an access token (JWT) of djangorestframework-simplejwt contain by
    default?"""
    return sorted(AccessToken.for_user(alice).payload)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    costs=[True],
    so_what=(
        "Do not put values in a token's claims that must be up to date. A claim keeps its value "
        "until the token expires."
    ),
    source='djangorestframework-simplejwt 5.5 docs, "Customizing token claims"',
)
def test_birthdate_in_a_jwt_after_a_change(alice):
    """An access token (JWT) has the birthdate as a claim, and the user then changes the birthdate.
    Does the token keep the old value?"""
    token = AccessToken.for_user(alice)
    extras = extras_of(alice)
    token["birthdate"] = extras.birthdate.isoformat()
    sent = str(token)
    extras.birthdate = NEW
    extras.save()
    assert user_of(sent) == alice
    return saw(AccessToken(sent)["birthdate"]) == OLD.isoformat()


JWT_AFTER = {
    "new password": "accepted",
    "is_active=False": "AuthenticationFailed",
    "deleted user": "AuthenticationFailed",
}


@compare(
    proxy_model=JWT_AFTER,
    profile_onetoone=JWT_AFTER,
    custom_user=JWT_AFTER,
    foreignkey=JWT_AFTER,
    mark="surprising",
    so_what=(
        "By default a simplejwt access token stays valid after a password change until the token "
        "expires. Set CHECK_REVOKE_TOKEN to True in SIMPLE_JWT to reject such tokens."
    ),
    source='djangorestframework-simplejwt 5.5 docs, "Settings", CHECK_REVOKE_TOKEN',
)
def test_jwt_after_a_change_of_the_account(alice):
    """What does djangorestframework-simplejwt do with an access token after its user gets a new
    password, is deactivated or is deleted?"""
    token = AccessToken.for_user(alice)
    answers = {}
    alice.set_password("Another dragon wakes at 7")
    alice.save()
    answers["new password"] = outcome(lambda: user_of(token))
    alice.is_active = False
    alice.save()
    answers["is_active=False"] = outcome(lambda: user_of(token))
    alice.delete()
    answers["deleted user"] = outcome(lambda: user_of(token))
    return answers


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    fits=[1],
    costs=[2],
    so_what=(
        "JWTAuthentication reads the user for each request, and a profile takes one more query. "
        "To save this query with a OneToOneField, call select_related() in an overridden "
        "get_user()."
    ),
    source='djangorestframework-simplejwt 5.5 docs, "Getting started"',
)
def test_statements_of_a_request_with_a_jwt(alice, statements):
    """A request is authenticated by djangorestframework-simplejwt and reads the birthdate. How
    many statements run?"""
    token = AccessToken.for_user(alice)
    statements.clear()
    assert extras_of(user_of(token)).birthdate == OLD
    return len(statements)


def birthdate_as_a_view_reads_it(user):
    if hasattr(User, "person_set"):
        return user.person_set.first().birthdate
    return user.person.birthdate if hasattr(User, "person") else user.birthdate


@compare(
    proxy_model=CANNOT,
    profile_onetoone="AttributeError",
    custom_user="None",
    foreignkey="AttributeError",
    mark="surprising",
    costs=["AttributeError"],
    fails=["None"],
    so_what=(
        "Use JWTAuthentication if a view reads extra fields. JWTStatelessUserAuthentication reads "
        "no row, so user.birthdate and user.person are None unless they are claims."
    ),
    source='djangorestframework-simplejwt 5.5 docs, "Stateless User Authentication"',
)
def test_birthdate_of_a_stateless_jwt_user(alice):
    """A view uses simplejwt's JWTStatelessUserAuthentication and reads the birthdate from
    request.user. What does the view get?"""
    extras_class()
    user = user_of(AccessToken.for_user(alice), JWTStatelessUserAuthentication)
    read = []
    ended = outcome(lambda: read.append(birthdate_as_a_view_reads_it(user)))
    return ended if ended != "accepted" else str(read[0])


# --- social-auth-app-django

FROM_DISCORD = {"id": "100000000000000003", "username": "bob", "email": "bob@example.org"}


class WithDiscordId(DiscordOAuth2):
    """Discord's backend, whose details of the user also have the Discord ID."""

    def get_user_details(self, response):
        return {**super().get_user_details(response), "discord_id": response["id"]}


def log_in_with(backend):
    """Run the backend's pipeline with what Discord answers about the user who logs in."""
    from social_django.utils import load_strategy

    request = RequestFactory().get("/")
    request.session = SessionStore()
    own = f"{backend.__module__}.{backend.__name__}"
    with override_settings(AUTHENTICATION_BACKENDS=[own]):
        strategy = load_strategy(request)
        return strategy.authenticate(backend(strategy), response=FROM_DISCORD)


def columns_with_the_discord_id():
    log_in_with(DiscordOAuth2)
    found = []
    for table, column in rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = "
        "'public' AND data_type IN ('text', 'character varying') ORDER BY 1, 2"
    ):
        if rows(f'SELECT 1 FROM {table} WHERE "{column}" = %s', [FROM_DISCORD["id"]]):
            found.append(f"{table}.{column}")
    return found


@compare(
    proxy_model=["social_auth_usersocialauth.uid"],
    profile_onetoone=["social_auth_usersocialauth.uid"],
    custom_user=["social_auth_usersocialauth.uid"],
    foreignkey=["social_auth_usersocialauth.uid"],
    mark="surprising",
    so_what=(
        "You need no extra field for the Discord ID if all users log in with Discord. social- "
        "auth-app-django keeps each provider's id in its own table."
    ),
    source='python-social-auth docs, "Storage"',
)
def test_discord_id_stored_by_social_auth(site):
    """A user logs in with Discord through social-auth-app-django. Which columns hold the Discord
    ID?"""
    return site.ask(columns_with_the_discord_id)


def discord_id_reaches_the_extra_field():
    user = log_in_with(WithDiscordId)
    stored = User.objects.filter(pk=user.pk, **{path("discord_id"): FROM_DISCORD["id"]})
    return stored.exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    so_what=(
        "social-auth-app-django stores a detail if the user model has a field of that name. For a "
        "profile, store the detail in a pipeline function of your own."
    ),
    source='python-social-auth docs, "Pipeline"',
)
def test_discord_id_in_the_details_of_social_auth(site):
    """get_user_details() of a social-auth-app-django backend returns a discord_id. Does a login
    store this ID in the extra field discord_id?"""
    return site.ask(discord_id_reaches_the_extra_field)


# --- django-allauth


def birthdate_sent_to_allauth(**methods):
    """Register bob by a subclass of allauth's SignupForm that has a birthdate and these methods."""
    from allauth.account.forms import SignupForm

    form = type("WithBirthdate", (SignupForm,), {"birthdate": forms.DateField(), **methods})
    typed = SIGNUP | {"password1": PASSWORD, "password2": PASSWORD}
    filled = form(typed)
    assert filled.is_valid(), filled.errors
    with request_from_a_visitor() as request:
        filled.save(request)


def allauths_form_stores_a_birthdate():
    birthdate_sent_to_allauth()
    return has_birthdate("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    costs=[False],
    so_what="allauth drops a field that you only declare, even with a custom user. Store it in "
    "the form's signup() or save(), or in the adapter's save_user().",
    source='django-allauth 65 docs, "Account", "Forms"',
)
def test_birthdate_declared_on_allauths_sign_up_form(site):
    """A subclass of allauth's SignupForm declares a birthdate. Does a sign-up store it?"""
    return site.ask(allauths_form_stores_a_birthdate)


def rows_in_allauths_signup():
    counted = []

    def signup(form, request, user):
        users = User.objects.filter(pk=user.pk, **{f"{path('pk')}__isnull": False})
        counted.append(users.values(path("birthdate")).count())

    birthdate_sent_to_allauth(signup=signup)
    return counted[0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    fits=at_least(1),
    costs=[0],
    so_what="allauth stores the user before signup(). There, save a custom user again, change the "
    "receiver's profile row, or create a row.",
    source='django-allauth 65 docs, "Account", "Configuration", ACCOUNT_SIGNUP_FORM_CLASS',
)
def test_rows_in_signup_of_allauth(site):
    """allauth calls signup() of its sign-up form. How many rows hold the user's extra fields by
    then?"""
    return site.ask(rows_in_allauths_signup)


@contextmanager
def request_from_a_visitor():
    """Yield a request as allauth's views get it: with a session and messages."""
    from allauth.core.context import request_context

    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    request.session = SessionStore()
    request._messages = default_storage(request)
    with request_context(request):
        yield request


def log_in_through_allauth(adapter="allauth.socialaccount.adapter.DefaultSocialAccountAdapter"):
    """Log in with what Discord answers about the user. Return allauth's response."""
    from allauth.socialaccount.helpers import complete_social_login
    from allauth.socialaccount.models import SocialApp
    from allauth.socialaccount.providers.discord.provider import DiscordProvider

    app = SocialApp(provider="discord", client_id="workbench", secret="workbench")
    with override_settings(SOCIALACCOUNT_ADAPTER=adapter), request_from_a_visitor() as request:
        login = DiscordProvider(request, app=app).sociallogin_from_response(request, FROM_DISCORD)
        return complete_social_login(request, login)


def pages_after_a_login():
    def page():
        is_form = log_in_through_allauth().url == reverse("socialaccount_signup")
        return "sign-up form" if is_form else "no form"

    with override_settings(SOCIALACCOUNT_AUTO_SIGNUP=False):
        asked = page()
    return {"by default": page(), "SOCIALACCOUNT_AUTO_SIGNUP = False": asked}


FORM_SHOWN = {"by default": "no form", "SOCIALACCOUNT_AUTO_SIGNUP = False": "sign-up form"}


@compare(
    proxy_model=FORM_SHOWN,
    profile_onetoone=FORM_SHOWN,
    custom_user=FORM_SHOWN,
    foreignkey=FORM_SHOWN,
    mark="surprising",
    so_what="allauth skips its sign-up form if the provider sends an unused e-mail address. To ask "
    "for extra fields, set SOCIALACCOUNT_AUTO_SIGNUP = False.",
    source='django-allauth 65 docs, "Social Accounts", "Configuration", SOCIALACCOUNT_AUTO_SIGNUP',
)
def test_form_shown_at_a_social_login_with_allauth(site):
    """A user logs in with Discord for the first time through django-allauth. What does allauth
    show?"""
    return site.ask(pages_after_a_login)


def rows_after_a_login():
    log_in_through_allauth()
    users = User.objects.filter(username="bob", **{f"{path('pk')}__isnull": False})
    return users.values(path("birthdate")).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    fits=at_least(1),
    costs=[0],
    so_what="A social login does not run your registration form, so the extra fields are empty. "
    "Create the profile row in a receiver, and ask for the fields later.",
    source='django-allauth 65 docs, "Social Accounts", "Adapter"',
)
def test_rows_after_a_social_login_with_allauth(site):
    """A user logs in with Discord for the first time through django-allauth. How many rows hold the
    extra fields?"""
    return site.ask(rows_after_a_login)


def discord_id_set_in_populate_user():
    log_in_through_allauth(adapter=f"{__name__}.{takes_the_discord_id.__name__}")
    stored = User.objects.filter(username="bob", **{path("discord_id"): FROM_DISCORD["id"]})
    return stored.exists()


def takes_the_discord_id(request):
    """Return an adapter that copies the Discord ID to the user. allauth calls this by its path."""
    from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

    class Adapter(DefaultSocialAccountAdapter):
        def populate_user(self, request, sociallogin, data):
            user = super().populate_user(request, sociallogin, data)
            user.discord_id = sociallogin.account.uid
            return user

    return Adapter(request)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    so_what="In populate_user() the user is not stored yet, so no profile row exists. For a "
    "profile, store the values after super().save_user().",
    source='django-allauth 65 docs, "Social Accounts", "Adapter", populate_user()',
)
def test_discord_id_in_populate_user_of_allauth(site):
    """The populate_user() of an allauth adapter sets user.discord_id. Does a first login store it
    in that extra field?"""
    return site.ask(discord_id_set_in_populate_user)
