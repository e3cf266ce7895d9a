"""All of allauth's pages, as its quickstart has them."""

from django.urls import include, path
from django.views.generic import TemplateView

urlpatterns = [
    path("", TemplateView.as_view(template_name="players/home.html"), name="home"),
    path("accounts/", include("allauth.urls")),
]
