"""Django's own user, and a profile row beside it: at most one for each user."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver

from players import validators


class Person(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
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


@receiver(post_save, sender=User)
def create_person(sender, instance, created, raw, **kwargs):
    """Create an empty profile row for each new user.

    loaddata saves with raw=True. It brings the profile row itself.
    """
    if created and not raw:
        Person.objects.create(user=instance)
