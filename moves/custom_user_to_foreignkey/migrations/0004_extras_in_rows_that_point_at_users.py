"""The extras go from the user's row into a person; a user may have any number of them."""

from django.conf import settings
from django.db import migrations, models

from moves import operations
from moves.operations import fields


class Migration(operations.Migration):
    dependencies = [
        ("players", "0003_the_users_table_is_djangos_again"),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("person_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("birthdate", fields.birthdate()),
                ("discord_id", fields.discord_id()),
                ("zoom_id", fields.zoom_id()),
                ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)),
            ],
            options={"db_table": "person", "verbose_name_plural": "people"},
        ),
        operations.Reversed(
            operations.WriteAll(
                "auth_user",
                """UPDATE auth_user SET birthdate = one_person.birthdate,
                       discord_id = one_person.discord_id, zoom_id = one_person.zoom_id
                   FROM one_person WHERE user_id = auth_user.id""",
            )
        ),
        operations.Reversed(
            operations.OneOfMany(
                "person", one="SELECT id AS user_id, birthdate, discord_id, zoom_id FROM auth_user"
            )
        ),
        operations.Sql(
            """ALTER TABLE auth_user
               DROP COLUMN birthdate, DROP COLUMN discord_id, DROP COLUMN zoom_id""",
            """ALTER TABLE auth_user
               ADD COLUMN birthdate date, ADD COLUMN discord_id text, ADD COLUMN zoom_id text""",
        ),
        operations.Reversed(
            operations.Fold(
                "players.person",
                into="auth.user",
                keys="SELECT person_id AS old, user_id AS new FROM person",
                hand_out=True,
            )
        ),
    ]
