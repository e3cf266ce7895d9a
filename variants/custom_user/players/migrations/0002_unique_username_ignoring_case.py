"""No two usernames that differ in case only: PostgreSQL says so, also when two register at once.

The model's Meta declares it. It also gives the question of Django's forms, UPPER(username) =
UPPER(...), an index to use.
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
