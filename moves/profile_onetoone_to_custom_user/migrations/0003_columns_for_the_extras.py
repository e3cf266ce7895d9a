"""The users' table gets columns for the extras: nullable, so this takes no time."""

from django.db import migrations

from moves import operations
from moves.operations import checks, fields


class Migration(operations.Migration):
    dependencies = [
        ("players", "0002_unique_username_ignoring_case"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        operations.LookFirst(
            checks.known_columns,
            checks.everybody_is_there,
            checks.nothing_is_lost(drops=True, users=True, makes=("players_user",)),
            checks.each_object_is_there("players.person", "person", "user_id"),
        ),
        operations.Lock(readers=True),
        migrations.AddField("user", "birthdate", fields.birthdate()),
        migrations.AddField("user", "discord_id", fields.discord_id()),
        migrations.AddField("user", "zoom_id", fields.zoom_id()),
    ]
