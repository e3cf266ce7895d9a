"""The user becomes the row's only key. Every row is kept, and its old key in the archive."""

from django.conf import settings
from django.db import migrations, models

from moves import operations
from moves.operations import fields
from moves.the_articles_incident import checks


class Migration(operations.Migration):
    dependencies = [("players", "0003_a_column_for_the_user")]

    operations = [
        operations.LookFirst(checks.each_row_has_a_user, checks.no_user_has_two_rows),
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
                (
                    "user",
                    models.OneToOneField(
                        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, serialize=False
                    ),
                ),
                ("birthdate", fields.birthdate()),
                ("discord_id", fields.discord_id()),
                ("zoom_id", fields.zoom_id()),
            ],
            options={"db_table": "person", "verbose_name_plural": "people"},
        ),
        operations.Sql(
            """LOCK TABLE old_person IN SHARE ROW EXCLUSIVE MODE;
               INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
               SELECT user_id, birthdate, discord_id, zoom_id FROM old_person;
               CREATE SCHEMA IF NOT EXISTS archive;
               CREATE TABLE archive.person_id AS SELECT user_id, person_id FROM old_person""",
            """INSERT INTO old_person (person_id, user_id, birthdate, discord_id, zoom_id)
               SELECT person_id, user_id, birthdate, discord_id, zoom_id
               FROM person JOIN archive.person_id USING (user_id);
               SELECT setval(pg_get_serial_sequence('old_person', 'person_id'), max(person_id))
               FROM old_person HAVING max(person_id) IS NOT NULL;
               INSERT INTO old_person (user_id, birthdate, discord_id, zoom_id)
               SELECT user_id, birthdate, discord_id, zoom_id FROM person
               WHERE NOT EXISTS (
                   SELECT FROM archive.person_id AS it WHERE it.user_id = person.user_id)
               ORDER BY user_id;
               DROP TABLE archive.person_id""",
        ),
        migrations.DeleteModel("OldPerson"),
    ]
