"""The variant that runs, as the suite knows it: its user, its extras, and how a query reaches them.

Import it inside tests and fixtures' modules only: it needs Django to be set up.
"""

from datetime import date

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from players import roster

from suite.compare import VARIANTS, NotPossible

EXTRA_FIELDS = ("birthdate", "discord_id", "zoom_id")

# Only the roster of proxy_model has operations that it cannot do.
CannotDo = getattr(roster, "CannotDo", NotPossible)

# a throw-away copy (suite.projects) has the variant's name within its own
VARIANT = next(name for name in VARIANTS if name in settings.BASE_DIR.name)
PASSWORD = "The dragon sleeps at 9"

User = get_user_model()

# The class that a variant adds to Django's: what its admin lists, what its code imports.
PlayerModel = apps.get_model(
    "players",
    {"proxy_model": "Player", "custom_user": "User"}.get(VARIANT, "Person"),
)


def person_class():
    """The model Person. Raises LookupError where the variant has none."""
    return apps.get_model("players", "Person")


def extras_class():
    """The class that has the extras as fields. Raises FieldDoesNotExist where none has."""
    PlayerModel._meta.get_field("birthdate")
    return PlayerModel


def enrolled(username, **details):
    """The user of a new player, registered through the roster with what it can keep."""
    try:
        roster.register(username, PASSWORD, **details)
    except CannotDo:
        roster.register(username, PASSWORD, email=details.get("email", ""))
    return User.objects.get(username=username)


def without_row(username="bob", **fields):
    """A user whose extras have no row, where that is one of its own: bulk_create() is past signals
    and roster."""
    secret = make_password(PASSWORD)
    User.objects.bulk_create([User(username=username, password=secret, **fields)])
    return User.objects.get(username=username)


def birthdate_of(index):
    """A birthdate that is another one for each index below 10,000."""
    return date.fromordinal(date(1980, 1, 1).toordinal() + index)


def enrolled_many(number):
    """So many players, player0000 and on, with what the variant can keep of their extras."""
    rows = [
        {
            "username": f"player{i:04}",
            "email": f"player{i:04}@example.org",
            "birthdate": birthdate_of(i),
        }
        for i in range(number)
    ]
    try:
        roster.add_many(rows)
    except CannotDo:
        roster.add_many([{key: row[key] for key in ("username", "email")} for row in rows])


def path(name):
    """How a query over users reaches an extra: "birthdate", or "person__birthdate".

    In proxy_model neither leads anywhere, and the query says so.
    """
    return f"person__{name}" if PlayerModel.__name__ == "Person" else name


def extras_of(user):
    """The object whose attributes are the user's extras: the user, or their (newest) person."""
    if hasattr(User, "person_set"):
        return user.person_set.order_by("-person_id")[0]
    return user.person if hasattr(User, "person") else user
