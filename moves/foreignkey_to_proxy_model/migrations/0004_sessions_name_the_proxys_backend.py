"""Open sessions name the backend that the target has: else everybody would be logged out."""

from django.db import migrations

from moves import operations


class Migration(migrations.Migration):
    dependencies = [("players", "0003_people_into_the_archive")]

    operations = [
        operations.RenameBackend(
            "django.contrib.auth.backends.ModelBackend", "players.backends.PlayerBackend"
        ),
    ]
