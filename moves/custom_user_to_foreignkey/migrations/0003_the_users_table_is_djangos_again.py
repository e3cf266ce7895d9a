"""The users' table, with all its rows, becomes Django's own auth_user."""

from django.db import migrations

from moves import operations
from moves.operations import checks


class Migration(operations.Migration):
    dependencies = [
        ("players", "0002_unique_username_ignoring_case"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        operations.LookFirst(
            checks.known_columns,
            checks.everybody_is_there,
            checks.nothing_is_lost(users=True, makes=("person",)),
            checks.keys_fit_integer,
        ),
        operations.RenameTables("players_user", "auth_user"),
        # on a fresh database Django has just made the table, without these
        operations.Sql(
            """ALTER TABLE auth_user ADD COLUMN IF NOT EXISTS birthdate date,
                   ADD COLUMN IF NOT EXISTS discord_id text, ADD COLUMN IF NOT EXISTS zoom_id text;
               CREATE UNIQUE INDEX IF NOT EXISTS unique_username_ignoring_case
                   ON auth_user (UPPER(username))"""
        ),
        operations.RenameContentType("players.user", "auth.user"),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("User")]),
    ]
