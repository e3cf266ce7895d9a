"""The admin: the proxy takes the place of Django's user, with the methods that it adds."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

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

    def get_object(self, request, object_id, from_field=None):
        """Lock the user while staff save it. Otherwise saving could undo a new password."""
        user = super().get_object(request, object_id, from_field)
        if user and request.method == "POST":
            with transaction.atomic():  # the admin's page for a new password opens none
                user = Player.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        return user

    def changeform_view(self, request, *args, **kwargs):
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Someone else took the username after the form was checked.
            # The second try finds it in use and shows the error on the field.
            return super().changeform_view(request, *args, **kwargs)
