"""The extras of one of a user's people go into the user's own row."""

from django.db import migrations

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0003_columns_for_the_extras")]

    operations = [
        operations.Lock(readers=True),
        operations.Fold(
            "players.person",
            into="auth.user",
            keys="SELECT person_id AS old, user_id AS new FROM person",
            hand_out=True,
        ),
        operations.OneOfMany(
            "person", one="SELECT id AS user_id, birthdate, discord_id, zoom_id FROM auth_user"
        ),
        operations.WriteAll(
            "auth_user",
            """UPDATE auth_user SET birthdate = one_person.birthdate,
                   discord_id = one_person.discord_id, zoom_id = one_person.zoom_id
               FROM one_person WHERE user_id = auth_user.id""",
        ),
        migrations.DeleteModel("Person"),
    ]
