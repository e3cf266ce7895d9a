"""The forms of the pages. Registration needs two: one for the user, one for the profile row."""

from django import forms
from django.contrib.auth.forms import UserCreationForm

from players.fields import EXTRA_FIELDS, ExtraFieldsForm
from players.models import Person


class RegisterForm(UserCreationForm):
    class Meta(UserCreationForm.Meta):
        fields = ["username", "email"]
        help_texts = {"email": "Optional. Without it you cannot reset a forgotten password."}
        widgets = {"email": forms.EmailInput(attrs={"autocomplete": "email"})}


class PersonForm(forms.ModelForm, ExtraFieldsForm):
    class Meta:
        model = Person
        fields = EXTRA_FIELDS


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
