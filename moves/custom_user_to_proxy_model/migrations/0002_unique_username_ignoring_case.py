"""Usernames are unique regardless of case, even if two users register at the same time.

The model's Meta declares this constraint.
Django's look-up `username__iexact` compares UPPER(username) and uses its index too.
"""

import django.db.models.functions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("players", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.Upper("username"),
                name="unique_username_ignoring_case",
                violation_error_message="A user with that username already exists.",
            ),
        ),
    ]
