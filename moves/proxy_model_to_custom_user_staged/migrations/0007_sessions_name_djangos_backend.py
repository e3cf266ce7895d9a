"""Open sessions name the backend that the target has; in batches, while the new code runs."""

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0006_users_are_the_apps_own")]

    operations = [
        operations.RenameBackend(
            "players.backends.PlayerBackend", "django.contrib.auth.backends.ModelBackend"
        ),
    ]
