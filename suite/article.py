"""The article's way to register a player: its signal, form and view, with the lost lines put back.

profile_onetoone does as the article does. The other variants do what its author would have written
there: custom_user lets the form store the extras, foreignkey creates the person in the view, and
proxy_model finds out that there is no place for them. Address of the view: /article/, with
settings.ROOT_URLCONF = "suite.article".
"""

from contextlib import contextmanager

from django import forms
from django.contrib.auth import authenticate, login
from django.contrib.auth.forms import UserCreationForm
from django.db.models.signals import post_save
from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import include, path
from players import models

from suite.outcomes import rows
from suite.variant import (
    EXTRA_FIELDS,
    PASSWORD,
    VARIANT,
    PlayerModel,
    User,
    extras_of,
    person_class,
)

TYPED = {
    "username": "bob",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "birthdate": "2010-05-04",
    "discord_id": "100000000000000002",
    "zoom_id": "1234567891",
}


class SeedForm(UserCreationForm):
    """Django's form, with fields for the extras; it stores those that the user's own row has."""

    birthdate = forms.DateField(required=False)
    discord_id = forms.CharField(required=False)
    zoom_id = forms.CharField(required=False)

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ["username", *(name for name in EXTRA_FIELDS if hasattr(User, name))]


def typed(**other):
    """The form as a visitor sends it, valid unless `other` says something wrong."""
    return SeedForm({**TYPED, **other})


def create_person(instance, created):
    if created:
        PlayerModel.objects.create(user=instance)


def update_profile(instance, created):
    """The article's receiver, which is also to serve updates of a user."""
    create_person(instance, created)
    instance.person.save()


@contextmanager
def receiving(action):
    """`action` as the receiver of each user's post_save, instead of the variant's own receiver.

    Where the extras have no table of their own there is nothing to receive for.
    """

    def receiver(sender, instance, created, **kwargs):
        action(instance, created)

    own = getattr(models, "create_person", None)
    if own:
        post_save.disconnect(own, sender=User)
    if PlayerModel.__name__ == "Person":
        post_save.connect(receiver, sender=User)
    try:
        yield
    finally:
        post_save.disconnect(receiver, sender=User)
        if own:
            post_save.connect(own, sender=User)


def article_signal(action=update_profile):
    """The article's receiver in profile_onetoone; the other variants have no use for one."""
    return receiving(action if VARIANT == "profile_onetoone" else lambda *_: None)


def person_saved_with_user():
    """Within, each save of a user saves their person too, as the article's receiver does.

    With a ForeignKey that is the newest person. LookupError without a Person.
    """
    person_class()
    return receiving(lambda user, created: extras_of(user).save())


def save(form):
    """What the article's view does with a valid form until the extras are stored."""
    user = form.save()
    extras = {name: form.cleaned_data[name] for name in EXTRA_FIELDS}
    if VARIANT == "profile_onetoone":
        user.refresh_from_db()
        user.person.birthdate = extras["birthdate"]
        user.person.discord_id = extras["discord_id"]
        user.person.zoom_id = extras["zoom_id"]
        user.save()
    elif VARIANT == "foreignkey":
        PlayerModel.objects.create(user=user, **extras)
    elif VARIANT == "proxy_model":
        User.objects.filter(pk=user.pk).update(**extras)
    return user


def register(request):
    """The article's view; a form that is not valid is answered by its errors."""
    form = SeedForm(request.POST)
    if not form.is_valid():
        return JsonResponse(form.errors)
    save(form)
    user = authenticate(
        username=form.cleaned_data["username"], password=form.cleaned_data["password1"]
    )
    login(request, user)
    return redirect("/")


urlpatterns = [path("article/", register), path("", include("config.urls"))]


REFUSED = "666666666666666666"


@contextmanager
def a_refused_discord_id():
    """Let PostgreSQL reject the Discord ID REFUSED by a CHECK within the block.

    Every form and every validator accepts this ID.
    """
    table = PlayerModel._meta.db_table
    rows(f"ALTER TABLE {table} ADD CONSTRAINT not_this_id CHECK (discord_id <> '{REFUSED}')")
    try:
        yield
    finally:
        rows(f"ALTER TABLE {table} DROP CONSTRAINT not_this_id")


def left_of(username):
    """The tables in which something of this player is stored."""
    tables = [User] if User.objects.filter(username=username).exists() else []
    if (
        PlayerModel.__name__ == "Person"
        and PlayerModel.objects.filter(user__username=username).exists()
    ):
        tables.append(PlayerModel)
    return [model._meta.db_table for model in tables]


def rows_with_extras(username):
    """How many rows keep extras for this user; in proxy_model the query says that none can."""
    owner = "user__username" if PlayerModel.__name__ == "Person" else "username"
    return len(PlayerModel.objects.filter(**{owner: username}).values("birthdate"))
