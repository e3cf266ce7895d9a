from django import forms

from accounts.models import User


class ExtraFieldsForm(forms.ModelForm):
    """The extra fields of allauth's sign-up form. It must not import anything of allauth."""

    class Meta:
        model = User
        fields = ["birthdate", "discord_id"]

    def signup(self, request, user):
        """Store the extra fields of the user whom allauth has just created."""
        for field in ExtraFieldsForm.Meta.fields:
            setattr(user, field, self.cleaned_data[field])
        user.save(update_fields=ExtraFieldsForm.Meta.fields)
