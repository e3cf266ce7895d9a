from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User

from accounts.models import Profile


class ProfileInline(admin.StackedInline):
    model = Profile


admin.site.unregister(User)


@admin.register(User)
class PeopleAdmin(UserAdmin):
    list_display = ["username", "email", "city"]
    list_select_related = ["profile"]

    def get_inlines(self, request, obj):
        return [ProfileInline] if obj else []

    @admin.display
    def city(self, obj):
        return obj.profile.city
