"""Open sessions name the backend that the target has: else everybody would be logged out."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0004_extras_into_the_archive")]

    operations = [
        operations.RenameBackend(
            "django.contrib.auth.backends.ModelBackend", "players.backends.PlayerBackend"
        ),
    ]
