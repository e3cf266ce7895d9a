"""The user of this project, with the three extras as columns of their own row."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from players.validators import validate_birthdate, validate_discord_id, validate_zoom_id


class User(AbstractUser):
    birthdate = models.DateField(blank=True, null=True, validators=[validate_birthdate])
    discord_id = models.CharField(
        "Discord ID", max_length=20, blank=True, null=True, validators=[validate_discord_id]
    )
    zoom_id = models.CharField(
        "Zoom ID", max_length=11, blank=True, null=True, validators=[validate_zoom_id]
    )
