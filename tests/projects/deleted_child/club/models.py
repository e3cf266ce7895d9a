"""Members were a child class of the user once; now they are a profile."""

from django.contrib.auth.models import User
from django.db import models


class Membership(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    since = models.DateField(null=True, blank=True)

    def __str__(self):
        return str(self.since)
