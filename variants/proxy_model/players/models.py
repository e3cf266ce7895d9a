"""A player is Django's user seen through another class: behaviour of its own, the same table."""

from datetime import timedelta

from django.contrib.auth.models import User, UserManager
from django.utils import timezone

NEW_FOR = timedelta(days=30)


# --8<-- [start:model]
class PlayerManager(UserManager):
    def newcomers(self):
        """Who joined in the last 30 days."""
        return self.filter(date_joined__gt=timezone.now() - NEW_FOR)


# --8<-- [start:essence]
class Player(User):
    objects = PlayerManager()

    class Meta:
        proxy = True
        ordering = ["username"]
        # --8<-- [end:essence]

    def is_newcomer(self):
        return self.date_joined > timezone.now() - NEW_FOR


# --8<-- [end:model]
