"""The same operations in all four projects, each written in the way of its approach.

They take and return plain values, so that the four can be compared.
This approach has two tables, and a user can have several profile rows. Every operation has to say
which one it means: here the newest, which has the highest `person_id`.
"""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery
from django.utils import timezone

from players.models import Person

newest_first = Person.objects.filter(user=OuterRef("pk")).order_by("-person_id")
EXTRA_FIELDS = {
    "birthdate": Subquery(newest_first.values("birthdate")[:1]),
    "discord_id": Subquery(newest_first.values("discord_id")[:1]),
    "zoom_id": Subquery(newest_first.values("zoom_id")[:1]),
}
is_newest = ~Exists(
    Person.objects.filter(user=OuterRef("user"), person_id__gt=OuterRef("person_id"))
)


@transaction.atomic
def register(username, password, email="", **extra_fields):
    """Create a user and return its id. Raise IntegrityError if the username is taken."""
    user = User.objects.create_user(username, email, password)
    Person.objects.create(user=user, **extra_fields)
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
    """Return the details of all users whose newest profile row has this Discord ID."""
    people = Person.objects.filter(is_newest, discord_id=discord_id)
    details = people.values(
        "birthdate",
        "discord_id",
        "zoom_id",
        username=F("user__username"),
        email=F("user__email"),
    )
    return list(details.order_by("username"))


def count_under(age):
    """Count the users who are younger than `age` years. Users without a birthdate do not count."""
    return Person.objects.filter(is_newest, birthdate__gt=born_after(age)).count()


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

    The lock on the user keeps two changes at the same time from both creating a row.
    """
    user = User.objects.select_for_update(no_key=True).filter(username=username).first()
    if user is None:
        return False
    if "email" in new:
        user.email = new.pop("email")
        user.save(update_fields=["email"])
    if new:
        person = user.person_set.last()
        if person is None:
            user.person_set.create(**new)
        else:
            user.person_set.filter(pk=person.pk).update(**new)
    return True


@transaction.atomic
def remove(username):
    """Delete a user and the profile rows. Return whether the user existed."""
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        return False
    user.delete()
    return True


@transaction.atomic
def add_many(rows, password=None):
    """Create users from dicts of their details, all with one password, and return how many.

    Without a password the users cannot log in. Raise IntegrityError if a username is taken;
    then no user is created.
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
