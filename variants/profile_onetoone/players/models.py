"""A player is Django's user and a person: one row each, the person's primary key is the user."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver


class Person(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    birthdate = models.DateField(blank=True, null=True)
    discord_id = models.TextField("Discord ID", blank=True, null=True)
    zoom_id = models.TextField("Zoom ID", blank=True, null=True)

    class Meta:
        db_table = "person"
        verbose_name_plural = "people"

    def __str__(self):
        return self.user.get_username()


@receiver(post_save, sender=User)
def create_person(sender, instance, created, raw, **kwargs):
    """Give each new user a person, with the extras that registration left on the user, if any.

    Not for a fixture (raw): it brings the person itself.
    """
    if created and not raw:
        Person.objects.create(user=instance, **getattr(instance, "extras", {}))
