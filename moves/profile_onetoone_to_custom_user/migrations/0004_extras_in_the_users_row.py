"""The extras go from the person into the user's own row."""

from django.db import migrations

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0003_columns_for_the_extras")]

    operations = [
        operations.Lock(readers=True),
        operations.WriteAll(
            "auth_user",
            """UPDATE auth_user SET birthdate = person.birthdate,
                   discord_id = person.discord_id, zoom_id = person.zoom_id
               FROM person WHERE person.user_id = auth_user.id""",
        ),
        operations.WithoutPerson(
            "SELECT id AS user_id, birthdate, discord_id, zoom_id FROM auth_user"
        ),
        operations.Fold(
            "players.person",
            into="auth.user",
            keys="SELECT user_id AS old, user_id AS new FROM person",
            hand_out=True,
        ),
        migrations.DeleteModel("Person"),
    ]
