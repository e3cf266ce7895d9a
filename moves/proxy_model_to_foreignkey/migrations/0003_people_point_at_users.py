"""Each user gets a row of people; what was said of players is said of users."""

from django.conf import settings
from django.db import migrations, models

from moves import operations
from moves.operations import checks, fields


class Migration(operations.Migration):
    dependencies = [
        ("players", "0002_unique_username_ignoring_case"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        operations.LookFirst(
            checks.known_columns,
            checks.everybody_is_there,
            checks.nothing_is_lost(makes=("person",)),
        ),
        operations.Fold("players.player", into="auth.user"),
        migrations.DeleteModel("Player"),
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
            operations.Archive(
                "person",
                rows="SELECT person_id, user_id, birthdate, discord_id, zoom_id FROM person",
                back="""INSERT INTO person (person_id, user_id, birthdate, discord_id, zoom_id)
                        SELECT coalesce(person_id, nextval('person_person_id_seq')), user_id,
                            birthdate, discord_id, zoom_id
                        FROM archive.person JOIN auth_user ON auth_user.id = user_id
                        ORDER BY user_id, person_id;

                        SELECT setval('person_person_id_seq', max(person_id))
                        FROM person HAVING max(person_id) IS NOT NULL""",
            )
        ),
        operations.Reversed(
            operations.Fold(
                "players.person",
                into="auth.user",
                keys="SELECT person_id AS old, user_id AS new FROM person",
            )
        ),
    ]
