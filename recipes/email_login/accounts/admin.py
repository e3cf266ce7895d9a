from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm

from accounts.models import User


class AddUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email"]


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    add_form = AddUserForm
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        *BaseUserAdmin.fieldsets[2:],  # permissions and dates
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]
    list_display = ["email", "is_staff"]
    search_fields = ["email"]
    ordering = ["email"]
