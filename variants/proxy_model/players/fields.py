"""The form fields of the extra fields. The pages and the admin share them."""

import re

from django import forms

EXTRA_FIELDS = ["birthdate", "discord_id", "zoom_id"]


class DigitsField(forms.CharField):
    """An optional ID made of digits.

    Spaces and hyphens are removed. A blank value becomes None, which is stored as NULL.
    """

    def __init__(self, **kwargs):
        super().__init__(required=False, empty_value=None, **kwargs)

    def to_python(self, value):
        return super().to_python(re.sub(r"[\s-]", "", value or ""))

    def widget_attrs(self, widget):
        return super().widget_attrs(widget) | {"inputmode": "numeric", "autocomplete": "off"}


class ExtraFieldsForm(forms.Form):
    birthdate = forms.DateField(
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
        help_text="Optional. Only you and the staff see it.",
    )
    discord_id = DigitsField(
        label="Discord ID",
        help_text="Optional. 17 to 20 digits. In Discord: Developer Mode, then Copy User ID.",
    )
    zoom_id = DigitsField(
        label="Zoom ID",
        help_text="Optional. 9 to 11 digits. In Zoom: your Personal Meeting ID.",
    )
