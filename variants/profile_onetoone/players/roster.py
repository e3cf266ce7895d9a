"""The same operations in all four projects, each written in the way of its approach.

They take and return plain values, so that the four can be compared.
This approach has two tables. `find` and `page` use a LEFT JOIN, so they also return users without a
profile row.
"""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from players.models import Person

EXTRA_FIELDS = {
    "birthdate": F("person__birthdate"),
    "discord_id": F("person__discord_id"),
    "zoom_id": F("person__zoom_id"),
}


@transaction.atomic
def register(username, password, email="", **extra_fields):
    """Create a user and return its id. Raise IntegrityError if the username is taken."""
    user = User.objects.create_user(username, email, password)
    # The signal receiver in models.py has created the profile row.
    Person.objects.filter(user=user).update(**extra_fields)
    return user.pk


def find(username):
    """Return one user's details as a dict, or None."""
    users = User.objects.values("username", "email", **EXTRA_FIELDS)
    return users.filter(username=username).first()


def page(after="", size=50):
    """Return the details of the next `size` users in the order of their usernames."""
    users = User.objects.values("username", "email", **EXTRA_FIELDS)
    return list(users.filter(username__gt=after).order_by("username")[:size])


def by_discord_id(discord_id):
    """Return the details of all users with this Discord ID."""
    users = User.objects.values("username", "email", **EXTRA_FIELDS)
    return list(users.filter(person__discord_id=discord_id).order_by("username"))


def count_under(age):
    """Count the users who are younger than `age` years. Users without a birthdate do not count."""
    return Person.objects.filter(birthdate__gt=born_after(age)).count()


def born_after(age):
    """Return the latest birthdate of a person who is `age` years old today."""
    today = timezone.localdate()
    try:
        return today.replace(year=today.year - age)
    except ValueError:  # today is 29 February, and that year has none
        return today.replace(year=today.year - age, day=28)


@transaction.atomic
def change(username, **new):
    """Change a user's e-mail address or extra fields. Return whether the user exists.

    The lock keeps the user from being deleted before the profile row is stored.
    """
    user = User.objects.select_for_update(no_key=True).filter(username=username).first()
    if user is None:
        return False
    if "email" in new:
        user.email = new.pop("email")
        user.save(update_fields=["email"])
    if new:
        Person.objects.update_or_create(user=user, defaults=new)
    return True


@transaction.atomic
def remove(username):
    """Delete a user and the profile row. Return whether the user existed."""
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        return False
    user.delete()
    return True


@transaction.atomic
def add_many(rows, password=None):
    """Create users from dicts of their details, all with one password, and return how many.

    Without a password the users cannot log in. Raise IntegrityError if a username is taken;
    then no user is created. bulk_create() sends no signals, so the profile rows are created here.
    """
    password = make_password(password)
    users, extra_fields = [], []
    for row in rows:
        details = dict(row)
        username, email = details.pop("username"), details.pop("email", "")
        users.append(User(username=username, email=email, password=password))
        extra_fields.append(details)
    User.objects.bulk_create(users, batch_size=1000)
    people = [
        Person(user=user, **details) for user, details in zip(users, extra_fields, strict=True)
    ]
    Person.objects.bulk_create(people, batch_size=1000)
    return len(users)
