"""The extras: what a player keeps beside Django's own fields, and how a form asks for them."""

import re
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone

EXTRAS = ("birthdate", "discord_id", "zoom_id")


def born_after(age):
    """The latest day on which somebody was born who has reached `age` (in years) today."""
    today = timezone.localdate()
    try:
        return today.replace(year=today.year - age)
    except ValueError:  # 29 February, in a year that has none
        return date(today.year - age, 2, 28)


def validate_birthdate(birthdate):
    if birthdate > timezone.localdate():
        raise ValidationError("This birthdate is in the future.")
    if birthdate.year < 1900:
        raise ValidationError("This birthdate is before 1900.")


class DigitsField(forms.CharField):
    """An optional number that is a name, kept as text; blank is None, so that it becomes NULL."""

    def __init__(self, **kwargs):
        super().__init__(required=False, empty_value=None, **kwargs)
        self.widget.attrs.update(inputmode="numeric", autocomplete="off")

    def to_python(self, value):
        text = super().to_python(value)
        return re.sub(r"[\s-]", "", text) or None if text else text


class ExtrasFields(forms.Form):
    birthdate = forms.DateField(
        required=False,
        validators=[validate_birthdate],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
        help_text="Optional. Only you and the staff see it.",
    )
    discord_id = DigitsField(
        label="Discord ID",
        validators=[
            RegexValidator(r"^[0-9]{17,20}\Z", "A Discord ID is a number of 17 to 20 digits.")
        ],
        help_text="Optional. 17 to 20 digits: in Discord, Developer Mode, Copy User ID.",
    )
    zoom_id = DigitsField(
        label="Zoom ID",
        validators=[RegexValidator(r"^[0-9]{9,11}\Z", "A Zoom ID is a number of 9 to 11 digits.")],
        help_text="Optional. 9 to 11 digits: your Personal Meeting ID in Zoom.",
    )

    def extras(self):
        """The three values as typed and checked, None for what was left blank."""
        return {name: self.cleaned_data[name] for name in EXTRAS}
