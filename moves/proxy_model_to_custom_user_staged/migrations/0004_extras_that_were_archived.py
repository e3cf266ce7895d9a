"""Extras that an earlier move has kept come back, in batches; on the way back they are kept."""

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0003_columns_while_the_site_serves")]

    operations = [
        operations.ArchivedExtras(),
        operations.OneContentType("auth.user", "players.user", in_batches=True),
        operations.Unfold("players.player"),
    ]
