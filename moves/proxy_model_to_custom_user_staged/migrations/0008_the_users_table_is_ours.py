"""The table gets the name that the app would give it. A step of its own: it may wait."""

from django.db import migrations, models
from django.db.models.functions import Upper

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0007_sessions_name_djangos_backend"),
    ]

    operations = [
        migrations.AlterModelTable("user", None),
        # the index is there, made by SQL when the table was Django's; now the model declares it
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    "user",
                    models.UniqueConstraint(
                        Upper("username"),
                        name="unique_username_ignoring_case",
                        violation_error_message="A user with that username already exists.",
                    ),
                )
            ]
        ),
    ]
