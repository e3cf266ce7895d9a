"""The old code runs no more: what was said of players is said of users. Locks no table."""

from django.db import migrations

from moves import operations


class Migration(migrations.Migration):
    dependencies = [("players", "0004_extras_that_were_archived")]

    operations = [
        operations.Fold(
            "players.player",
            into="auth.user",
            keys="SELECT id AS old, id AS new FROM auth_user",
            permissions="same",
        ),
        migrations.DeleteModel("Player"),
    ]
