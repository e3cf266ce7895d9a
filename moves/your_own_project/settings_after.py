"""The same with a user model of its own."""

from settings import *  # noqa: F403

AUTH_USER_MODEL = "accounts.User"
