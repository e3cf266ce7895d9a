"""django-registration's form with the extras; the model says how they are checked."""

from django import forms
from django_registration.forms import RegistrationForm as BaseRegistrationForm


class RegistrationForm(BaseRegistrationForm):
    class Meta(BaseRegistrationForm.Meta):
        fields = ["username", "email", "birthdate", "discord_id", "zoom_id"]
        widgets = {"birthdate": forms.DateInput(attrs={"type": "date"})}
