"""The extras of the record that counts, a thousand players at a time, each batch committed."""

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0004_both_sides_kept_equal")]

    operations = [
        operations.CopyPeople(many=True),
        operations.OneContentType("auth.user", "players.user", in_batches=True),
        operations.Unfold("players.person"),
    ]
