"""The rules for the extra fields. The models use them, so every form and the admin do too."""

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.utils import timezone

validate_not_before_1900 = MinValueValidator(date(1900, 1, 1), "This birthdate is before 1900.")
validate_not_in_future = MaxValueValidator(timezone.localdate, "This birthdate is in the future.")
validate_discord_id = RegexValidator(
    r"^[0-9]{17,20}\Z", "A Discord ID is a number of 17 to 20 digits."
)
validate_zoom_id = RegexValidator(r"^[0-9]{9,11}\Z", "A Zoom ID is a number of 9 to 11 digits.")
