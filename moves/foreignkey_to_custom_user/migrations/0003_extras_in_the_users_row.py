"""The extras of one of a user's people go into the user's own row."""

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
            checks.each_object_is_there("players.person", "person", "person_id"),
            checks.a_rule_for_duplicates,
            checks.archive_is_free,
        ),
        migrations.AddField("user", "birthdate", models.DateField(blank=True, null=True)),
        migrations.AddField(
            "user", "discord_id", models.TextField("Discord ID", blank=True, null=True)
        ),
        migrations.AddField("user", "zoom_id", models.TextField("Zoom ID", blank=True, null=True)),
        operations.Fold(
            "players.person",
            into="auth.user",
            keys="SELECT person_id AS old, user_id AS new FROM person",
            permissions="kept",
            hand_out=True,
        ),
        operations.OneOfMany(
            "person", one="SELECT id AS user_id, birthdate, discord_id, zoom_id FROM auth_user"
        ),
        operations.Sql(
            """UPDATE auth_user SET birthdate = one_person.birthdate,
                   discord_id = one_person.discord_id, zoom_id = one_person.zoom_id
               FROM one_person WHERE user_id = auth_user.id"""
        ),
        migrations.DeleteModel("Person"),
    ]
