"""A user of the project's own, in Django's table and with Django's key."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    # the key that auth_user has, not the BigAutoField of a new model
    id = models.AutoField(primary_key=True)
    phone = models.TextField(blank=True, default="", db_default="")

    class Meta(AbstractUser.Meta):
        db_table = "auth_user"
