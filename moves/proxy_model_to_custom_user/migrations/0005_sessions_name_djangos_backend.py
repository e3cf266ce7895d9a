"""Open sessions name the backend that the target has: else everybody would be logged out."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0004_players_are_users")]

    operations = [
        operations.RenameBackend(
            "players.backends.PlayerBackend", "django.contrib.auth.backends.ModelBackend"
        ),
    ]
