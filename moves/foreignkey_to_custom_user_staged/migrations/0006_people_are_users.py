"""The old code runs no more: what was said of people is said of users. In batches."""

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0005_copy_in_batches")]

    operations = [
        operations.Fold(
            "players.person",
            into="auth.user",
            keys="SELECT person_id AS old, user_id AS new FROM person",
            hand_out=True,
            in_batches=True,
        ),
    ]
