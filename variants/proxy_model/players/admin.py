"""The staff's pages: the proxy in the place of Django's user, with what it adds to it."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User

from players import roster
from players.errors import UsernameTaken
from players.models import Player


class PlayerChangeForm(UserChangeForm):
    def clean_username(self):
        """Django's form for a change, unlike the one for a new user, minds the case."""
        username = self.cleaned_data["username"]
        if roster.is_taken(username, but_by=self.instance.pk):
            raise forms.ValidationError(str(UsernameTaken()))
        return username


admin.site.unregister(User)


@admin.register(Player)
class PlayerAdmin(UserAdmin):
    form = PlayerChangeForm
    list_display = ["username", "email", "newcomer", "is_staff"]

    @admin.display(boolean=True)
    def newcomer(self, player):
        return player.is_newcomer()
