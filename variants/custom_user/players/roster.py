"""What one can do with players. Plain values in, plain values out, the same in all four variants.

One table: each operation is one statement about the user's own row.
"""

from django.contrib.auth.hashers import make_password

from players.copying import Table, blocks
from players.errors import username_checked
from players.extras import EXTRAS, born_after
from players.kept import kept
from players.models import User

DETAILS = ("username", "email", *EXTRAS)


def enrol(user, *, birthdate=None, discord_id=None, zoom_id=None):
    """Store a new user with their extras. Raises UsernameTaken."""
    user.birthdate = birthdate
    user.discord_id = discord_id
    user.zoom_id = zoom_id
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
    return User.objects.values(*DETAILS)


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
    return list(everybody().filter(discord_id=discord_id).order_by("username"))


def count_under(age):
    """How many players are younger than `age` years; those without a birthdate are not counted."""
    return User.objects.filter(birthdate__gt=born_after(age)).count()


def change(username, **new):
    """Set a player's email or extras; returns whether there is such a player."""
    return User.objects.filter(username=username).update(**new) == 1


def remove(username):
    """Delete a player and all that is theirs; returns whether there was such a player."""
    deleted, _ = User.objects.filter(username=username).delete()
    return deleted > 0


BLANK = {"email": "", "birthdate": None, "discord_id": None, "zoom_id": None}


def add_many(rows, password=None):
    """Add players from dicts of their details, all with one password, or with none that works.

    Returns how many. Raises UsernameTaken, and then adds nobody.
    """
    users = Table(User, DETAILS, password=make_password(password))
    added = 0
    with username_checked():
        for names, *others in blocks(rows, [users], "username", **BLANK):
            users.copy(names, *others)
            added += len(names)
    return added
