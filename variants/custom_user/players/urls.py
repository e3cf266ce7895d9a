"""The addresses of the pages. Those for login, logout and password reset are in config/urls.py."""

from django.urls import path

from players import views

urlpatterns = [
    path("", views.home, name="home"),
    path("register/", views.register, name="register"),
    path("profile/", views.profile, name="profile"),
    path("password_change/", views.PasswordChangeView.as_view(), name="password_change"),
    path("profile/delete/", views.delete_account, name="delete_account"),
    path("players/", views.players, name="players"),
]
