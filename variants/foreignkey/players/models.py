"""A player is Django's user, and people point at them: any number of rows for one user."""

from django.contrib.auth.models import User
from django.db import models


class Person(models.Model):
    person_id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    birthdate = models.DateField(blank=True, null=True)
    discord_id = models.TextField("Discord ID", blank=True, null=True)
    zoom_id = models.TextField("Zoom ID", blank=True, null=True)

    class Meta:
        db_table = "person"
        verbose_name_plural = "people"

    def __str__(self):
        return self.user.get_username()
