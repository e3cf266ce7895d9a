"""The content type of the users gets its new name, which the new code has been using already."""

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0005_players_are_users")]

    operations = [operations.RenameContentType("auth.user", "players.user", new_is_known=True)]
