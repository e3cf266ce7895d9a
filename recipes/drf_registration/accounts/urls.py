from django.urls import path

from accounts import views

urlpatterns = [
    path("api/register/", views.RegisterView.as_view()),
    path("api/me/", views.MeView.as_view()),
]
