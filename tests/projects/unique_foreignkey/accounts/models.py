"""A profile by a ForeignKey that is unique: a OneToOneField in all but name."""

from django.contrib.auth.models import User
from django.db import models


class UserProfile(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, unique=True)
    birthdate = models.DateField(null=True, blank=True)

    def __str__(self):
        return str(self.birthdate)
