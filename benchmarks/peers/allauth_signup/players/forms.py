"""What allauth's signup also asks for (ACCOUNT_SIGNUP_FORM_CLASS)."""

from django import forms

from players.validators import validate_birthdate, validate_discord_id, validate_zoom_id


class ExtrasForm(forms.Form):
    birthdate = forms.DateField(
        required=False,
        validators=[validate_birthdate],
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    discord_id = forms.CharField(
        label="Discord ID",
        required=False,
        max_length=20,
        empty_value=None,
        validators=[validate_discord_id],
    )
    zoom_id = forms.CharField(
        label="Zoom ID",
        required=False,
        max_length=11,
        empty_value=None,
        validators=[validate_zoom_id],
    )

    def signup(self, request, user):
        """Called by allauth once the user is stored."""
        user.birthdate = self.cleaned_data["birthdate"]
        user.discord_id = self.cleaned_data["discord_id"]
        user.zoom_id = self.cleaned_data["zoom_id"]
        user.save()
