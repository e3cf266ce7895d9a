"""The admin: the extra fields are fields of the user, like all others."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as BaseUserChangeForm
from django.db import IntegrityError, transaction

from players.fields import EXTRA_FIELDS, ExtraFieldsForm
from players.models import User


class UserAddForm(AdminUserCreationForm, ExtraFieldsForm):
    pass


class UserChangeForm(BaseUserChangeForm, ExtraFieldsForm):
    pass


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    form = UserChangeForm
    add_form = UserAddForm
    fieldsets = [*BaseUserAdmin.fieldsets, ("Profile", {"fields": EXTRA_FIELDS})]
    add_fieldsets = [*BaseUserAdmin.add_fieldsets, ("Profile", {"fields": EXTRA_FIELDS})]
    list_display = ["username", "email", "birthdate", "discord_id", "is_staff"]
    search_fields = [*BaseUserAdmin.search_fields, "discord_id", "zoom_id"]

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
