"""The users' table gets columns for the extras: nullable, so this takes no time."""

from django.db import migrations, models

from moves import operations
from moves.operations import checks


class Migration(operations.Migration):
    dependencies = [
        ("players", "0002_unique_username_ignoring_case"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        operations.LookFirst(
            checks.known_columns,
            checks.everybody_is_there,
            checks.each_object_is_there("players.person", "person", "person_id"),
            checks.a_rule_for_duplicates,
            checks.archive_is_free,
        ),
        operations.Lock(readers=True),
        migrations.AddField("user", "birthdate", models.DateField(blank=True, null=True)),
        migrations.AddField(
            "user", "discord_id", models.TextField("Discord ID", blank=True, null=True)
        ),
        migrations.AddField("user", "zoom_id", models.TextField("Zoom ID", blank=True, null=True)),
    ]
