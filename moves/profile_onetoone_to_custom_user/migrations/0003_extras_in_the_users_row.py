"""The extras go from the person into the user's own row."""

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
            checks.each_object_is_there("players.person", "person", "user_id"),
        ),
        migrations.AddField("user", "birthdate", models.DateField(blank=True, null=True)),
        migrations.AddField(
            "user", "discord_id", models.TextField("Discord ID", blank=True, null=True)
        ),
        migrations.AddField("user", "zoom_id", models.TextField("Zoom ID", blank=True, null=True)),
        operations.Sql(
            """LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE;
               UPDATE auth_user SET birthdate = person.birthdate,
                   discord_id = person.discord_id, zoom_id = person.zoom_id
               FROM person WHERE person.user_id = auth_user.id""",
            """INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
               SELECT id, birthdate, discord_id, zoom_id FROM auth_user""",
        ),
        operations.Fold(
            "players.person",
            into="auth.user",
            keys="SELECT user_id AS old, user_id AS new FROM person",
            permissions="kept",
            hand_out=True,
        ),
        migrations.DeleteModel("Person"),
    ]
