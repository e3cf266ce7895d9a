from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    birthdate = models.DateField(blank=True, null=True)
    discord_id = models.CharField("Discord ID", max_length=20, blank=True, null=True)
