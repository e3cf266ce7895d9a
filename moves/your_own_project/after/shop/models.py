"""Orders of another app, with a foreign key to the user."""

from django.conf import settings
from django.db import models


class Order(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    total = models.IntegerField()
