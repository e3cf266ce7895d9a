"""Django's own user, and profile rows that point at it: any number for each user."""

from django.contrib.auth.models import User
from django.db import models

from players import validators


class Person(models.Model):
    person_id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    birthdate = models.DateField(
        blank=True,
        null=True,
        validators=[validators.validate_not_before_1900, validators.validate_not_in_future],
    )
    discord_id = models.TextField(
        "Discord ID", blank=True, null=True, validators=[validators.validate_discord_id]
    )
    zoom_id = models.TextField(
        "Zoom ID", blank=True, null=True, validators=[validators.validate_zoom_id]
    )

    class Meta:
        db_table = "person"
        verbose_name_plural = "people"

    def __str__(self):
        return self.user.get_username()
