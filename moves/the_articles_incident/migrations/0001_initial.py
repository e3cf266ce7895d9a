"""The table as inspectdb describes it: it is there already, and Django leaves it alone."""

from django.db import migrations, models

from moves.operations import fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("person_id", models.AutoField(primary_key=True, serialize=False)),
                ("birthdate", fields.birthdate()),
                ("discord_id", fields.discord_id()),
                ("zoom_id", fields.zoom_id()),
            ],
            options={"db_table": "person", "managed": False},
        ),
    ]
