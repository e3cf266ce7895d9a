"""The custom user model. Its table holds everything: the account and the extra fields."""

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Upper

from players import validators


class User(AbstractUser):
    birthdate = models.DateField(
        blank=True,
        null=True,
        validators=[validators.validate_not_before_1900, validators.validate_not_in_future],
    )
    discord_id = models.TextField(
        "Discord ID", blank=True, null=True, validators=[validators.validate_discord_id]
    )
    zoom_id = models.TextField(
        "Zoom ID", blank=True, null=True, validators=[validators.validate_zoom_id]
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Upper("username"),
                name="unique_username_ignoring_case",
                violation_error_message="A user with that username already exists.",
            ),
        ]

    def validate_constraints(self, exclude=None):
        """Show the error of the constraint on the username instead of above the form."""
        try:
            super().validate_constraints(exclude)
        except ValidationError as error:
            raise ValidationError({"username": error.messages}) from error
