"""A proxy has no place for the extras: they wait in the archive."""

import players.models
from django.db import migrations

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0003_the_users_table_is_djangos_again"),
    ]

    operations = [
        operations.Archive(
            "auth_user",
            rows="""SELECT NULL::bigint, id, birthdate, discord_id, zoom_id FROM auth_user
                    WHERE num_nonnulls(birthdate, discord_id, zoom_id) > 0""",
            back="""UPDATE auth_user SET birthdate = newest.birthdate,
                        discord_id = newest.discord_id, zoom_id = newest.zoom_id
                    FROM (SELECT DISTINCT ON (user_id) * FROM archive.person
                          ORDER BY user_id, person_id DESC) AS newest
                    WHERE newest.user_id = auth_user.id""",
        ),
        operations.Sql(
            """ALTER TABLE auth_user
               DROP COLUMN birthdate, DROP COLUMN discord_id, DROP COLUMN zoom_id""",
            """ALTER TABLE auth_user
               ADD COLUMN birthdate date, ADD COLUMN discord_id text, ADD COLUMN zoom_id text""",
        ),
        migrations.CreateModel(
            name="Player",
            fields=[],
            options={"proxy": True, "ordering": ["username"], "indexes": [], "constraints": []},
            bases=("auth.user",),
            managers=[("objects", players.models.PlayerManager())],
        ),
        operations.Reversed(operations.Fold("players.player", into="auth.user")),
    ]
