"""Open sessions name the backend that the target has: else everybody would be logged out."""

from moves import operations
from moves.operations import checks


class Migration(operations.Migration):
    dependencies = [("players", "0003_a_person_for_each_user")]

    operations = [
        operations.RenameBackend(
            "players.backends.PlayerBackend", "django.contrib.auth.backends.ModelBackend"
        ),
        operations.LookFirst(
            checks.nothing_is_lost(drops=True),
            back=True,
        ),
    ]
