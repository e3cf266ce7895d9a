"""The admin: the profile row is edited on the page of its user."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import UserChangeForm as BaseUserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from players.forms import PersonForm
from players.models import Person


class UserChangeForm(BaseUserChangeForm):
    def clean_username(self):
        """Reject usernames that differ only in case, as AdminUserCreationForm does."""
        username = self.cleaned_data["username"]
        others = User.objects.exclude(pk=self.instance.pk)
        if others.filter(username__iexact=username).exists():
            raise ValidationError("A user with that username already exists.", code="unique")
        return username


class PersonInline(admin.StackedInline):
    model = Person
    form = PersonForm
    can_delete = False


admin.site.unregister(User)


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    form = UserChangeForm
    inlines = [PersonInline]
    list_display = ["username", "email", "birthdate", "discord_id", "is_staff"]
    list_select_related = ["person"]
    search_fields = [*BaseUserAdmin.search_fields, "person__discord_id", "person__zoom_id"]

    @admin.display(ordering="person__birthdate")
    def birthdate(self, user):
        return user.person.birthdate

    @admin.display(ordering="person__discord_id", description="Discord ID")
    def discord_id(self, user):
        return user.person.discord_id

    def get_object(self, request, object_id, from_field=None):
        """Lock the user while staff save it. Otherwise saving could undo a new password."""
        user = super().get_object(request, object_id, from_field)
        if user and request.method == "POST":
            with transaction.atomic():  # the admin's page for a new password opens none
                user = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        return user

    @transaction.atomic
    def delete_queryset(self, request, queryset):
        """Lock the users, so that none of them gets a profile row while they are deleted."""
        users = User.objects.select_for_update().filter(pk__in=queryset)
        super().delete_queryset(request, User.objects.filter(pk__in=[user.pk for user in users]))

    def changeform_view(self, request, *args, **kwargs):
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Someone else took the username after the form was checked.
            # The second try finds it in use and shows the error on the field.
            return super().changeform_view(request, *args, **kwargs)
