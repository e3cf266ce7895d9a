"""The person gets a key of its own; the user may have any number of them."""

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
            checks.nothing_is_lost(drops=True, makes=("old_person",)),
            checks.each_object_is_there("players.person", "person", "user_id"),
        ),
        operations.Lock(readers=True),
        # backwards, everything gets its former name in the end
        operations.AlignNames(backwards=True),
        # the new table takes the name, so the old one steps aside
        migrations.AlterModelTable("person", "old_person"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RenameModel("Person", "OldPerson")]
        ),
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
                "old_person",
                """INSERT INTO old_person (user_id, birthdate, discord_id, zoom_id)
                   SELECT user_id, birthdate, discord_id, zoom_id FROM one_person
                   ORDER BY user_id""",
            )
        ),
        operations.Reversed(
            operations.OneOfMany(
                "person",
                one="SELECT user_id, birthdate, discord_id, zoom_id FROM old_person",
                also_empty=True,
            )
        ),
        operations.Reversed(
            operations.Translate(
                "players.person",
                keys="SELECT person_id AS old, user_id AS new FROM person",
                keys_back="""SELECT DISTINCT ON (user_id) user_id AS old, person_id AS new
                             FROM person ORDER BY user_id, person_id DESC""",
            )
        ),
        migrations.DeleteModel("OldPerson"),
        operations.Reversed(operations.Lock(readers=True)),
    ]
