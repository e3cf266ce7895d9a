"""Orders of another app, with a foreign key to the profile."""

from django.db import models


class Order(models.Model):
    customer = models.ForeignKey("accounts.Profile", models.CASCADE)
    total = models.IntegerField()
