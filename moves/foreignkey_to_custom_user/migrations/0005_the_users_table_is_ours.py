"""Django's table becomes the app's own: the same rows, the same keys, another name."""

from django.db import migrations, models
from django.db.models.functions import Upper

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0004_extras_in_the_users_row"),
    ]

    operations = [
        operations.Lock(readers=True),
        operations.RenameContentType("auth.user", "players.user"),
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
