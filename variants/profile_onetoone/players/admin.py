"""The staff's pages: the person is edited inside the user."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User

from players import roster
from players.errors import UsernameTaken
from players.extras import EXTRAS, ExtrasFields
from players.models import Person


class PlayerChangeForm(UserChangeForm):
    def clean_username(self):
        """Django's form for a change, unlike the one for a new user, minds the case."""
        username = self.cleaned_data["username"]
        if roster.is_taken(username, but_by=self.instance.pk):
            raise forms.ValidationError(str(UsernameTaken()))
        return username


class PersonForm(ExtrasFields, forms.ModelForm):
    class Meta:
        model = Person
        fields = EXTRAS


class PersonInline(admin.StackedInline):
    model = Person
    form = PersonForm
    can_delete = False


admin.site.unregister(User)


@admin.register(User)
class PlayerAdmin(UserAdmin):
    form = PlayerChangeForm
    inlines = [PersonInline]
    list_display = ["username", "email", "person__birthdate", "person__discord_id", "is_staff"]
    list_select_related = ["person"]
    search_fields = [*UserAdmin.search_fields, "person__discord_id", "person__zoom_id"]
