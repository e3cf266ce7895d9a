"""All addresses of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("players.urls")),
    path("", include("django.contrib.auth.urls")),  # login, logout, password reset
    path("admin/", admin.site.urls),
]
