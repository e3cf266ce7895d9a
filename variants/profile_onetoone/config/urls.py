"""The players' pages, and Django's admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("players.urls")),
    path("admin/", admin.site.urls),
]
