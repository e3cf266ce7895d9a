"""What the extras may be, as the variants have it."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone

validate_discord_id = RegexValidator(
    r"^[0-9]{17,20}\Z", "A Discord ID is a number of 17 to 20 digits."
)
validate_zoom_id = RegexValidator(r"^[0-9]{9,11}\Z", "A Zoom ID is a number of 9 to 11 digits.")


def validate_birthdate(birthdate):
    if birthdate > timezone.localdate():
        raise ValidationError("This birthdate is in the future.")
    if birthdate.year < 1900:
        raise ValidationError("This birthdate is before 1900.")
