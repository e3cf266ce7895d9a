"""The old code runs no more: what was said of players is said of users. In batches."""

from django.db import migrations

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0004_extras_that_were_archived")]

    operations = [
        operations.Fold("players.player", into="auth.user", in_batches=True),
        migrations.DeleteModel("Player"),
    ]
