"""What was said of players is said of users; extras come back if the archive has some."""

from django.db import migrations

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0003_columns_for_the_extras")]

    operations = [
        operations.Fold("players.player", into="auth.user"),
        migrations.DeleteModel("Player"),
        operations.Reversed(
            operations.Archive(
                "auth_user",
                rows="""SELECT NULL::bigint, id, birthdate, discord_id, zoom_id FROM auth_user
                        WHERE num_nonnulls(birthdate, discord_id, zoom_id) > 0""",
                back="""UPDATE auth_user SET birthdate = newest.birthdate,
                            discord_id = newest.discord_id, zoom_id = newest.zoom_id
                        FROM (SELECT DISTINCT ON (user_id) * FROM archive.person
                              ORDER BY user_id, person_id DESC) AS newest
                        WHERE newest.user_id = auth_user.id""",
            )
        ),
    ]
