from django.conf import settings
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver


class Profile(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    birthdate = models.DateField(blank=True, null=True)


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def create_profile(sender, instance, created, raw, **kwargs):
    """Create an empty profile for each new user. loaddata (raw) brings the profile itself."""
    if created and not raw:
        Profile.objects.create(user=instance)
