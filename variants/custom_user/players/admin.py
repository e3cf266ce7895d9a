"""The admin: the extra fields are fields of the user, like all others."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

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

    def get_object(self, request, object_id, from_field=None):
        """Lock the user while staff save it. Otherwise saving could undo a new password."""
        user = super().get_object(request, object_id, from_field)
        if user and request.method == "POST":
            with transaction.atomic():  # the admin's page for a new password opens none
                user = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        return user

    def changeform_view(self, request, *args, **kwargs):
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Someone else took the username after the form was checked.
            # The second try finds it in use and shows the error on the field.
            return super().changeform_view(request, *args, **kwargs)
