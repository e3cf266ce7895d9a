"""A proxy with the name of its original, as a place for methods."""

from django.contrib.auth.models import User as DjangoUser


class User(DjangoUser):
    class Meta:
        proxy = True

    @property
    def initials(self):
        return f"{self.first_name[:1]}{self.last_name[:1]}"
