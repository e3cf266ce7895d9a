"""The addresses of the pages. Login, logout and passwords are Django's: see config/urls.py."""

from django.urls import path

from players import views

urlpatterns = [
    path("", views.home, name="home"),
    path("register/", views.register, name="register"),
    path("profile/", views.profile, name="profile"),
    path("profile/delete/", views.delete_account, name="delete_account"),
    path("players/", views.players, name="players"),
]
