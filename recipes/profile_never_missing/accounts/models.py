from django.conf import settings
from django.db import models


class Profile(models.Model):
    """The extra fields. Triggers create the row with the user and keep it (see 0002)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    birthdate = models.DateField(blank=True, null=True)
