"""Open sessions name the backend that the target has: else everybody would be logged out."""

from moves import operations
from moves.operations import checks


class Migration(operations.Migration):
    dependencies = [("players", "0003_people_into_the_archive")]

    operations = [
        operations.RenameBackend(
            "django.contrib.auth.backends.ModelBackend", "players.backends.PlayerBackend"
        ),
        operations.LookFirst(
            checks.nothing_is_lost(makes=("person",)),
            back=True,
        ),
    ]
