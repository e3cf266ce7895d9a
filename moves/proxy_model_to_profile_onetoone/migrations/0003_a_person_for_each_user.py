"""Each user gets a person; what was said of players is said of users."""

from django.conf import settings
from django.db import migrations, models

from moves import operations
from moves.operations import checks, fields


class Migration(operations.Migration):
    dependencies = [
        ("players", "0002_unique_username_ignoring_case"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        operations.LookFirst(
            checks.known_columns,
            checks.everybody_is_there,
            checks.nothing_is_lost(makes=("person",)),
        ),
        operations.Fold("players.player", into="auth.user"),
        migrations.DeleteModel("Player"),
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, serialize=False
                    ),
                ),
                ("birthdate", fields.birthdate()),
                ("discord_id", fields.discord_id()),
                ("zoom_id", fields.zoom_id()),
            ],
            options={"db_table": "person", "verbose_name_plural": "people"},
        ),
        operations.Reversed(
            operations.Archive(
                "person",
                rows="""SELECT NULL::bigint, user_id, birthdate, discord_id, zoom_id FROM person
                        WHERE num_nonnulls(birthdate, discord_id, zoom_id) > 0""",
                back="""INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
                        SELECT DISTINCT ON (auth_user.id)
                            auth_user.id, birthdate, discord_id, zoom_id
                        FROM auth_user LEFT JOIN archive.person ON user_id = auth_user.id
                        ORDER BY auth_user.id, person_id DESC""",
            )
        ),
        operations.Reversed(
            operations.Fold(
                "players.person",
                into="auth.user",
                keys="SELECT user_id AS old, user_id AS new FROM person",
            )
        ),
    ]
