"""The same operations in all four projects, each written in the way of its approach.

They take and return plain values, so that the four can be compared.
This approach has one table, Django's own. It cannot store the extra fields: CannotDo says so.
"""

from django.contrib.auth.hashers import make_password

from players.fields import EXTRA_FIELDS
from players.models import Player

DETAILS = ["username", "email"]


class CannotDo(Exception):
    """Raised for an operation that a proxy model cannot do."""

    def __init__(self):
        super().__init__("A proxy model adds no column to auth_user, so this cannot be stored.")


def storable(details):
    """Return the details without the extra fields. Raise CannotDo if one of these has a value."""
    if any(details.get(name) is not None for name in EXTRA_FIELDS):
        raise CannotDo
    return {name: value for name, value in details.items() if name not in EXTRA_FIELDS}


def register(username, password, email="", **extra_fields):
    """Create a user and return its id. Raise IntegrityError if the username is taken."""
    player = Player.objects.create_user(username, email, password, **storable(extra_fields))
    return player.pk


def find(username):
    """Return one user's details as a dict, or None."""
    return Player.objects.values(*DETAILS).filter(username=username).first()


def page(after="", size=50):
    """Return the details of the next `size` users in the order of their usernames."""
    players = Player.objects.values(*DETAILS).filter(username__gt=after)
    return list(players.order_by("username")[:size])


def by_discord_id(discord_id):
    """Raise CannotDo, because there is no column for a Discord ID."""
    raise CannotDo


def count_under(age):
    """Raise CannotDo, because there is no column for a birthdate."""
    raise CannotDo


def change(username, **new):
    """Change a user's e-mail address. Return whether the user exists."""
    return Player.objects.filter(username=username).update(**storable(new)) == 1


def remove(username):
    """Delete a user. Return whether the user existed."""
    deleted, _ = Player.objects.filter(username=username).delete()
    return deleted > 0


def add_many(rows, password=None):
    """Create users from dicts of their details, all with one password, and return how many.

    Without a password the users cannot log in. Raise IntegrityError if a username is taken;
    then no user is created.
    """
    password = make_password(password)
    players = [Player(password=password, **storable(row)) for row in rows]
    Player.objects.bulk_create(players, batch_size=1000)
    return len(players)
