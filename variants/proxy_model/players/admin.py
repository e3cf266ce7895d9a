"""The admin: the proxy takes the place of Django's user, with the methods that it adds."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError

from players.models import Player


class PlayerChangeForm(UserChangeForm):
    def clean_username(self):
        """Reject usernames that differ only in case, as AdminUserCreationForm does."""
        username = self.cleaned_data["username"]
        others = Player.objects.exclude(pk=self.instance.pk)
        if others.filter(username__iexact=username).exists():
            raise ValidationError("A user with that username already exists.", code="unique")
        return username


admin.site.unregister(User)


@admin.register(Player)
class PlayerAdmin(UserAdmin):
    form = PlayerChangeForm
    list_display = ["username", "email", "newcomer", "is_staff"]

    @admin.display(boolean=True)
    def newcomer(self, player):
        return player.is_newcomer()

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
