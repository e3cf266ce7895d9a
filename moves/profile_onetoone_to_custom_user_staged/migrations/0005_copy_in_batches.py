"""The extras that are there already, a thousand people at a time, each batch committed."""

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0004_both_sides_kept_equal")]

    operations = [
        operations.CopyPeople(),
        operations.OneContentType("auth.user", "players.user", in_batches=True),
        operations.Unfold("players.person"),
    ]
