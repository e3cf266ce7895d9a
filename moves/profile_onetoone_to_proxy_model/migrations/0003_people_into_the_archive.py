"""A proxy has no place for the extras: they wait in the archive."""

import players.models
from django.conf import settings
from django.db import migrations

from moves import operations
from moves.operations import checks


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
            checks.nothing_is_lost(drops=True),
            checks.each_object_is_there("players.person", "person", "user_id"),
            checks.archive_is_free,
        ),
        operations.Lock(),
        operations.Fold(
            "players.person",
            into="auth.user",
            keys="SELECT user_id AS old, user_id AS new FROM person",
        ),
        operations.Archive(
            "person",
            rows="""SELECT NULL::bigint, user_id, birthdate, discord_id, zoom_id FROM person
                    WHERE num_nonnulls(birthdate, discord_id, zoom_id) > 0""",
        ),
        operations.WithoutPerson(
            """SELECT DISTINCT ON (auth_user.id)
                   auth_user.id AS user_id, birthdate, discord_id, zoom_id
               FROM auth_user LEFT JOIN archive.person ON user_id = auth_user.id
               ORDER BY auth_user.id, person_id DESC"""
        ),
        operations.Lock(readers=True),
        migrations.DeleteModel("Person"),
        migrations.CreateModel(
            name="Player",
            fields=[],
            options={"proxy": True, "ordering": ["username"], "indexes": [], "constraints": []},
            bases=("auth.user",),
            managers=[("objects", players.models.PlayerManager())],
        ),
        operations.Reversed(operations.Fold("players.player", into="auth.user")),
    ]
