"""What one can do with players. Plain values in, plain values out, the same in all four variants.

One table, Django's own: a proxy adds no column to it. What is about the extras is CannotDo.
"""

from django.contrib.auth.hashers import make_password

from players.copying import Table, blocks
from players.errors import CannotDo, username_checked
from players.extras import EXTRAS
from players.kept import kept
from players.models import Player

DETAILS = ("username", "email")
NO_COLUMN = "A proxy model adds no column to auth_user, so there is nowhere to keep this."


def without_extras(details):
    """The details that can be stored. Raises CannotDo if there is an extra that is not blank."""
    if any(details.get(name) is not None for name in EXTRAS):
        raise CannotDo(NO_COLUMN)
    return {name: value for name, value in details.items() if name not in EXTRAS}


def enrol(player, **extras):
    """Store a new player. Raises UsernameTaken, and CannotDo for extras."""
    without_extras(extras)
    with username_checked():
        player.save()


def register(username, password, email="", **extras):
    """Enrol a player; returns their id. Raises UsernameTaken, and CannotDo for extras."""
    player = Player(
        username=Player.normalize_username(username),
        email=Player.objects.normalize_email(email),
        password=make_password(password),
    )
    enrol(player, **extras)
    return player.pk


def is_taken(username, but_by=None):
    """Whether somebody else than the user with the id `but_by` has this name, in whatever case."""
    return Player.objects.filter(username__iexact=username).exclude(pk=but_by).exists()


def everybody():
    """All players' details, to be narrowed down."""
    return Player.objects.order_by().values(*DETAILS)


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
    """Raises CannotDo: no column holds a Discord ID."""
    raise CannotDo(NO_COLUMN)


def count_under(age):
    """Raises CannotDo: no column holds a birthdate."""
    raise CannotDo(NO_COLUMN)


def change(username, **new):
    """Set a player's email; returns whether there is such a player. Raises CannotDo for extras."""
    return Player.objects.filter(username=username).update(**without_extras(new)) == 1


def remove(username):
    """Delete a player and all that is theirs; returns whether there was such a player."""
    deleted, _ = Player.objects.filter(username=username).delete()
    return deleted > 0


BLANK = {"email": "", "birthdate": None, "discord_id": None, "zoom_id": None}


def add_many(rows, password=None):
    """Add players from dicts of their details, all with one password, or with none that works.

    Returns how many. Raises UsernameTaken, or CannotDo for extras, and then adds nobody.
    """
    players = Table(Player, DETAILS, password=make_password(password))
    added = 0
    with username_checked():
        for names, emails, *extras in blocks(rows, [players], "username", **BLANK):
            if any(set(values) != {None} for values in extras):
                raise CannotDo(NO_COLUMN)
            players.copy(names, emails)
            added += len(names)
    return added
