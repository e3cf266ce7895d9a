"""The one-step workflow with this project's form, and Django's own login."""

from django.urls import include, path
from django.views.generic import TemplateView
from django_registration.backends.one_step.views import RegistrationView
from players.forms import RegistrationForm

urlpatterns = [
    path("", TemplateView.as_view(template_name="players/home.html"), name="home"),
    path(
        "accounts/register/",
        RegistrationView.as_view(form_class=RegistrationForm),
        name="django_registration_register",
    ),
    path("accounts/", include("django_registration.backends.one_step.urls")),
    path("accounts/", include("django.contrib.auth.urls")),
]
