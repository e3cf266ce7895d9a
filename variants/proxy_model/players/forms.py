"""The forms of the pages. A proxy model cannot store the extra fields, so they are disabled."""

from django import forms
from django.contrib.auth.forms import UserCreationForm

from players.fields import EXTRA_FIELDS, ExtraFieldsForm
from players.models import Player


class DisabledExtraFieldsForm(ExtraFieldsForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in EXTRA_FIELDS:
            self.fields[name].disabled = True
            self.fields[name].help_text = "A proxy model adds no column, so this cannot be stored."


class RegisterForm(UserCreationForm, DisabledExtraFieldsForm):
    field_order = ["username", "email", "password1", "password2"]

    class Meta(UserCreationForm.Meta):
        model = Player
        fields = ["username", "email"]
        help_texts = {"email": "Optional. Without it you cannot reset a forgotten password."}
        widgets = {"email": forms.EmailInput(attrs={"autocomplete": "email"})}


class DeleteAccountForm(forms.Form):
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="We ask for it because deleting cannot be undone.",
    )

    def __init__(self, user, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self):
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password
