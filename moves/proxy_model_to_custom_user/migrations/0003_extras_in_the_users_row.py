"""The users' table gets the columns of the extras; what was said of players is said of users."""

from django.db import migrations, models

from moves import operations
from moves.operations import checks


class Migration(migrations.Migration):
    dependencies = [
        ("players", "0002_username_taken_whatever_its_case"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        operations.LookFirst(
            checks.known_columns,
            checks.everybody_is_there,
        ),
        operations.Fold(
            "players.player",
            into="auth.user",
            keys="SELECT id AS old, id AS new FROM auth_user",
            permissions="same",
        ),
        migrations.DeleteModel("Player"),
        migrations.AddField("user", "birthdate", models.DateField(blank=True, null=True)),
        migrations.AddField(
            "user", "discord_id", models.TextField("Discord ID", blank=True, null=True)
        ),
        migrations.AddField("user", "zoom_id", models.TextField("Zoom ID", blank=True, null=True)),
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
        operations.RenameBackend(
            "players.backends.PlayerBackend", "django.contrib.auth.backends.ModelBackend"
        ),
    ]
