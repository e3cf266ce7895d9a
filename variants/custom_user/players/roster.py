"""The same operations in all four projects, each written in the way of its approach.

They take and return plain values, so that the four can be compared.
This approach has one table, so each operation is one query on it.
"""

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from players.models import User

DETAILS = ["username", "email", "birthdate", "discord_id", "zoom_id"]


def register(username, password, email="", **extra_fields):
    """Create a user and return its id. Raise IntegrityError if the username is taken."""
    user = User.objects.create_user(username, email, password, **extra_fields)
    return user.pk


def find(username):
    """Return one user's details as a dict, or None."""
    return User.objects.values(*DETAILS).filter(username=username).first()


def page(after="", size=50):
    """Return the details of the next `size` users in the order of their usernames."""
    users = User.objects.values(*DETAILS).filter(username__gt=after)
    return list(users.order_by("username")[:size])


def by_discord_id(discord_id):
    """Return the details of all users with this Discord ID."""
    users = User.objects.values(*DETAILS).filter(discord_id=discord_id)
    return list(users.order_by("username"))


def count_under(age):
    """Count the users who are younger than `age` years. Users without a birthdate do not count."""
    return User.objects.filter(birthdate__gt=born_after(age)).count()


def born_after(age):
    """Return the latest birthdate of a person who is `age` years old today."""
    today = timezone.localdate()
    try:
        return today.replace(year=today.year - age)
    except ValueError:  # today is 29 February, and that year has none
        return today.replace(year=today.year - age, day=28)


def change(username, **new):
    """Change a user's e-mail address or extra fields. Return whether the user exists."""
    return User.objects.filter(username=username).update(**new) == 1


def remove(username):
    """Delete a user. Return whether the user existed."""
    deleted, _ = User.objects.filter(username=username).delete()
    return deleted > 0


def add_many(rows, password=None):
    """Create users from dicts of their details, all with one password, and return how many.

    Without a password the users cannot log in. Raise IntegrityError if a username is taken;
    then no user is created.
    """
    password = make_password(password)
    users = [User(password=password, **row) for row in rows]
    User.objects.bulk_create(users, batch_size=1000)
    return len(users)
