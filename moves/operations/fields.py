"""The extra fields as the variants' models declare them, for migrations that add them."""

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone


def birthdate() -> models.DateField:
    """Return the field of the birthdate."""
    return models.DateField(
        blank=True,
        null=True,
        validators=[
            MinValueValidator(date(1900, 1, 1), "This birthdate is before 1900."),
            MaxValueValidator(timezone.localdate, "This birthdate is in the future."),
        ],
    )


def discord_id() -> models.TextField:
    """Return the field of the Discord ID."""
    valid = RegexValidator(r"^[0-9]{17,20}\Z", "A Discord ID is a number of 17 to 20 digits.")
    return models.TextField("Discord ID", blank=True, null=True, validators=[valid])


def zoom_id() -> models.TextField:
    """Return the field of the Zoom ID."""
    valid = RegexValidator(r"^[0-9]{9,11}\Z", "A Zoom ID is a number of 9 to 11 digits.")
    return models.TextField("Zoom ID", blank=True, null=True, validators=[valid])
