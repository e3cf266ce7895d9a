"""What the roster raises, in words that may be shown to a player."""

from contextlib import contextmanager

from django.db import IntegrityError, transaction


class CannotDo(Exception):
    """This way of extending User cannot do what was asked; the message says why."""


class UsernameTaken(Exception):
    """Somebody has this username, in whatever case."""

    def __init__(self):
        super().__init__("Somebody plays under this username already. Please choose another one.")


@contextmanager
def username_checked():
    """One transaction, in which a taken username is UsernameTaken instead of an IntegrityError.

    PostgreSQL is asked by the INSERT itself: a SELECT before it could not see who registers at
    the same moment.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "username" in (error.__cause__.diag.constraint_name or ""):
            raise UsernameTaken from error
        raise
