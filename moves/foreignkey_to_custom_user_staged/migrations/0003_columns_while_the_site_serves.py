"""The users' table gets columns for the extras: nullable, so it is locked for a moment only."""

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
            checks.nothing_is_folded("players.person"),
            checks.each_object_is_there("players.person", "person", "person_id"),
            checks.a_rule_for_duplicates,
            checks.archive_is_free,
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                operations.SqlBriefly(
                    "auth_user",
                    """ALTER TABLE auth_user ADD COLUMN birthdate date,
                           ADD COLUMN discord_id text, ADD COLUMN zoom_id text""",
                    """ALTER TABLE auth_user DROP COLUMN birthdate,
                           DROP COLUMN discord_id, DROP COLUMN zoom_id""",
                )
            ],
            state_operations=[
                migrations.AddField("user", "birthdate", fields.birthdate()),
                migrations.AddField("user", "discord_id", fields.discord_id()),
                migrations.AddField("user", "zoom_id", fields.zoom_id()),
            ],
        ),
        operations.OneContentType("auth.user", "players.user"),
    ]
