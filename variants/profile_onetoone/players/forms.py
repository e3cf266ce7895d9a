"""What a player fills in: to register, to change their details, to leave."""

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import BaseUserCreationForm
from django.utils import timezone

from players import roster
from players.errors import UsernameTaken
from players.extras import ExtrasFields


class EmailField(forms.EmailField):
    def __init__(self, **kwargs):
        super().__init__(required=False, **kwargs)
        self.widget.attrs.update(autocomplete="email")


class RegisterForm(ExtrasFields, BaseUserCreationForm):
    email = EmailField(
        help_text="Optional, but without it you cannot reset a forgotten password.",
    )
    field_order = ["username", "email", "password1", "password2"]

    class Meta(BaseUserCreationForm.Meta):
        model = get_user_model()
        fields = ["username", "email"]

    def _post_clean(self):
        """Leave it to the INSERT to say whether the username is free: see players.errors."""
        instance = self.instance
        instance.validate_unique = instance.validate_constraints = lambda exclude: None
        super()._post_clean()
        del instance.validate_unique, instance.validate_constraints

    def full_clean(self):
        """Name all that is wrong at once: where something else is, look up the username too."""
        super().full_clean()
        if self._errors and roster.is_taken(self.cleaned_data.get("username", "")):
            self.add_error("username", str(UsernameTaken()))

    def save(self):
        """Enrol the player, who is logged in by that. Raises UsernameTaken."""
        user = super().save(commit=False)
        user.last_login = timezone.now()
        user.just_registered = True
        roster.enrol(user, **self.extras())
        return user


class DetailsForm(ExtrasFields):
    email = EmailField()
    field_order = ["email"]


class LeaveForm(forms.Form):
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="So that nobody else can do this at a screen that you left open.",
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self):
        if not self.user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError("This is not your password.")
