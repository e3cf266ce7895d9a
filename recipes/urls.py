"""The pages that the recipes' tests visit."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(next_page="/admin/"), name="login"),
]
