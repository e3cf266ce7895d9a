"""The staff's pages: the extras are fields of the user like any other."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm

from players.extras import EXTRAS, ExtrasFields
from players.models import User


class PlayerAddForm(ExtrasFields, AdminUserCreationForm):
    pass


class PlayerChangeForm(ExtrasFields, UserChangeForm):
    pass


@admin.register(User)
class PlayerAdmin(UserAdmin):
    form = PlayerChangeForm
    add_form = PlayerAddForm
    fieldsets = [*UserAdmin.fieldsets, ("Player", {"fields": EXTRAS})]
    add_fieldsets = [*UserAdmin.add_fieldsets, ("Player", {"fields": EXTRAS})]
    list_display = ["username", "email", "birthdate", "discord_id", "is_staff"]
    search_fields = [*UserAdmin.search_fields, "discord_id", "zoom_id"]
