"""A player is the user: AUTH_USER_MODEL names this class, its one table holds everything."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Upper


class User(AbstractUser):
    birthdate = models.DateField(blank=True, null=True)
    discord_id = models.TextField("Discord ID", blank=True, null=True)
    zoom_id = models.TextField("Zoom ID", blank=True, null=True)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Upper("username"),
                name="unique_username_ignoring_case",
                violation_error_message="A user with that username already exists.",
            ),
        ]
