"""The admin: the extra fields are fields of the user, like all others."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db import DatabaseError

from players.fields import EXTRA_FIELDS, ExtraFieldsForm
from players.models import User


class PlayerAddForm(ExtraFieldsForm, AdminUserCreationForm):
    pass


class PlayerChangeForm(ExtraFieldsForm, UserChangeForm):
    def clean_username(self):
        """Reject usernames that differ only in case, as AdminUserCreationForm does."""
        username = self.cleaned_data["username"]
        others = User.objects.exclude(pk=self.instance.pk)
        if others.filter(username__iexact=username).exists():
            raise ValidationError("A user with that username already exists.", code="unique")
        return username


@admin.register(User)
class PlayerAdmin(UserAdmin):
    form = PlayerChangeForm
    add_form = PlayerAddForm
    fieldsets = [*UserAdmin.fieldsets, ("Profile", {"fields": EXTRA_FIELDS})]
    add_fieldsets = [*UserAdmin.add_fieldsets, ("Profile", {"fields": EXTRA_FIELDS})]
    list_display = ["username", "email", "birthdate", "discord_id", "is_staff"]
    search_fields = [*UserAdmin.search_fields, "discord_id", "zoom_id"]

    def save_model(self, request, user, form, change):
        if change:
            # Write only the changed fields. Writing all would undo what another request changes
            # at the same time, such as the password, or create a deleted user again.
            user.save(update_fields=set(form.changed_data) - {"groups", "user_permissions"})
        else:
            user.save()

    def changeform_view(self, request, *args, **kwargs):
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DatabaseError:
            # Someone else took the username or deleted the user after the form was checked.
            # The second try finds this out and shows it.
            return super().changeform_view(request, *args, **kwargs)
