"""What one can do with players. Plain values in, plain values out, the same in all four variants.

Two tables: the user's row, and at most one row of `person` whose primary key is the user's.
Reading joins them from the left, so that a user without a person is found too.
"""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from players.copying import Table, blocks
from players.errors import username_checked
from players.extras import EXTRAS, born_after
from players.kept import kept
from players.models import Person

OF_THE_USER = ("username", "email")
OF_THE_PERSON = {name: F(f"person__{name}") for name in EXTRAS}


def enrol(user, *, birthdate=None, discord_id=None, zoom_id=None):
    """Store a new user with their extras. Raises UsernameTaken.

    The receiver of post_save (in players.models) makes the person, from what is left for it here.
    """
    user.extras = {"birthdate": birthdate, "discord_id": discord_id, "zoom_id": zoom_id}
    with username_checked():
        user.save()


def register(username, password, email="", **extras):
    """Enrol a player; returns their id. Raises UsernameTaken."""
    user = User(
        username=User.normalize_username(username),
        email=User.objects.normalize_email(email),
        password=make_password(password),
    )
    enrol(user, **extras)
    return user.pk


def is_taken(username, but_by=None):
    """Whether somebody else than the user with the id `but_by` has this name, in whatever case."""
    return User.objects.filter(username__iexact=username).exclude(pk=but_by).exists()


def everybody():
    """All players' details, to be narrowed down."""
    return User.objects.values(*OF_THE_USER, **OF_THE_PERSON)


@kept
def of_the_name(username):
    return everybody().filter(username=username)


def find(username):
    """One player's details, or None."""
    return next(iter(of_the_name(username)), None)


@kept
def after_the_name(after, *, size):
    return everybody().filter(username__gt=after).order_by("username")[:size]


def page(after="", size=50):
    """The details of the next `size` players whose username comes after `after`."""
    return after_the_name(after, size=size)


def by_discord_id(discord_id):
    """The details of everybody who gave this Discord ID."""
    return list(everybody().filter(person__discord_id=discord_id).order_by("username"))


def count_under(age):
    """How many players are younger than `age` years; those without a birthdate are not counted."""
    return Person.objects.filter(birthdate__gt=born_after(age)).count()


@transaction.atomic
def change(username, **new):
    """Set a player's email or extras; returns whether there is such a player.

    A user who has no person yet (made before this app was, or by SQL) is given one.
    """
    user = User.objects.select_for_update(no_key=True).filter(username=username).only("pk").first()
    if user is None:
        return False
    extras = {name: new.pop(name) for name in EXTRAS if name in new}
    if new:
        User.objects.filter(pk=user.pk).update(**new)
    if extras:
        Person.objects.bulk_create(
            [Person(user=user, **extras)],
            update_conflicts=True,
            unique_fields=["user"],
            update_fields=extras,
        )
    return True


@transaction.atomic
def remove(username):
    """Delete a player and all that is theirs; returns whether there was such a player.

    The lock comes first: extras stored at the same moment would be seen too late, and refused.
    """
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        return False
    user.delete()
    return True


BLANK = {"email": "", "birthdate": None, "discord_id": None, "zoom_id": None}


def add_many(rows, password=None):
    """Add players from dicts of their details, all with one password, or with none that works.

    Returns how many. Raises UsernameTaken, and then adds nobody. COPY says nothing of the ids that
    it gives, so they are asked for before: users and people must agree on them.
    """
    users = Table(User, ("id", *OF_THE_USER), password=make_password(password))
    people = Table(Person, ("user_id", *EXTRAS))
    added = 0
    with username_checked():
        for names, emails, *extras in blocks(rows, [users, people], "username", **BLANK):
            ids = users.new_ids(len(names))
            users.copy(ids, names, emails)
            people.copy(ids, *extras)
            added += len(names)
    return added
