"""A profile beside the user, with an id of its own, made by a receiver in signals.py."""

from django.conf import settings
from django.db import models


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    phone = models.CharField(max_length=30, blank=True)
    city = models.CharField(max_length=100, blank=True, db_index=True)

    def __str__(self):
        return self.phone
