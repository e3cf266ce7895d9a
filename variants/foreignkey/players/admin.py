"""The staff's pages: people are edited inside the user, and the list shows the newest one's."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery

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


class PersonInline(admin.TabularInline):
    model = Person
    form = PersonForm
    extra = 1


admin.site.unregister(User)


@admin.register(User)
class PlayerAdmin(UserAdmin):
    form = PlayerChangeForm
    inlines = [PersonInline]
    list_display = ["username", "email", "birthdate", "discord_id", "is_staff"]
    search_fields = [*UserAdmin.search_fields, "person__discord_id", "person__zoom_id"]

    def get_queryset(self, request):
        newest = Person.objects.filter(user=OuterRef("pk")).order_by("-person_id")
        return (
            super()
            .get_queryset(request)
            .annotate(
                newest_birthdate=Subquery(newest.values("birthdate")[:1]),
                newest_discord_id=Subquery(newest.values("discord_id")[:1]),
            )
        )

    @admin.display(ordering="newest_birthdate")
    def birthdate(self, user):
        return user.newest_birthdate

    @admin.display(ordering="newest_discord_id", description="Discord ID")
    def discord_id(self, user):
        return user.newest_discord_id
