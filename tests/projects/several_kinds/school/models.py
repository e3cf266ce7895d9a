"""Students and teachers: each user has a row in one of two tables."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    is_teacher = models.BooleanField(default=False)


class Student(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    year = models.PositiveSmallIntegerField(default=1)

    def __str__(self):
        return f"year {self.year}"


class Teacher(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    subject = models.CharField(max_length=100, blank=True)

    def __str__(self):
        return self.subject
