"""A profile that tables of other apps point at."""

from django.conf import settings
from django.db import models
from django.db.models.signals import post_save


class Customer(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    newsletter = models.BooleanField(default=False)

    def __str__(self):
        return f"customer {self.pk}"


def create_customer(sender, instance, created, **kwargs):
    if kwargs["raw"]:
        return
    if created:
        Customer.objects.get_or_create(user=instance)


post_save.connect(create_customer, sender=settings.AUTH_USER_MODEL)
