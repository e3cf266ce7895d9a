from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin

from accounts.models import User

EXTRA_FIELDS = (("Extra fields", {"fields": ["birthdate", "discord_id"]}),)


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    fieldsets = BaseUserAdmin.fieldsets + EXTRA_FIELDS
    add_fieldsets = BaseUserAdmin.add_fieldsets + EXTRA_FIELDS
    list_display = [*BaseUserAdmin.list_display, "birthdate"]
