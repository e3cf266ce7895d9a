"""The pages' addresses. Login, logout and passwords are Django's own views, shown in our pages."""

from django.contrib.auth import views as auth
from django.urls import path

from players import views


def form(view, title, submit, **kwargs):
    """One of Django's own form views, shown by our form page."""
    context = {"title": title, "submit": submit}
    return view.as_view(template_name="players/form.html", extra_context=context, **kwargs)


def note(view, title, intro):
    """One of Django's own views that only says something, shown by our form page."""
    context = {"title": title, "intro": intro}
    return view.as_view(template_name="players/form.html", extra_context=context)


urlpatterns = [
    path("", views.home, name="home"),
    path("register/", views.register, name="register"),
    path("profile/", views.profile, name="profile"),
    path("profile/delete/", views.leave, name="leave"),
    path("players/", views.players, name="players"),
    path(
        "login/",
        form(auth.LoginView, "Log in", "Log in", redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path(
        "password/change/",
        form(auth.PasswordChangeView, "Change your password", "Change password"),
        name="password_change",
    ),
    path(
        "password/change/done/",
        note(auth.PasswordChangeDoneView, "Password changed", "Your new password is in force."),
        name="password_change_done",
    ),
    path(
        "password/reset/",
        form(
            auth.PasswordResetView,
            "Forgotten your password?",
            "Send me a link",
            email_template_name="players/password_reset_email.txt",
            subject_template_name="players/password_reset_subject.txt",
        ),
        name="password_reset",
    ),
    path(
        "password/reset/sent/",
        note(
            auth.PasswordResetDoneView,
            "Look into your mail",
            "If an account has this e-mail address, a link to choose a new password is on its way.",
        ),
        name="password_reset_done",
    ),
    path(
        "password/reset/<uidb64>/<token>/",
        form(auth.PasswordResetConfirmView, "Choose a new password", "Set password"),
        name="password_reset_confirm",
    ),
    path(
        "password/reset/done/",
        note(
            auth.PasswordResetCompleteView,
            "Password set",
            "You can log in with your new password now.",
        ),
        name="password_reset_complete",
    ),
]
