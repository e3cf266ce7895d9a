"""A proxy of Django's user: methods of its own, but the same table, so no fields of its own."""

from datetime import timedelta

from django.contrib.auth.models import User, UserManager
from django.utils import timezone

NEW_FOR = timedelta(days=30)


class PlayerManager(UserManager):
    def newcomers(self):
        """Return the players who joined in the last 30 days."""
        return self.filter(date_joined__gt=timezone.now() - NEW_FOR)


class Player(User):
    objects = PlayerManager()

    class Meta:
        proxy = True
        ordering = ["username"]

    def is_newcomer(self):
        return self.date_joined > timezone.now() - NEW_FOR
