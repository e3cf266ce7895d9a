from django.contrib.auth.forms import BaseUserCreationForm

from accounts.models import User


class RegisterForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ["email"]
