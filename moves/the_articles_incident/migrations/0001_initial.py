"""The table as inspectdb describes it: it is there already, and Django leaves it alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("person_id", models.AutoField(primary_key=True, serialize=False)),
                ("birthdate", models.DateField(blank=True, null=True)),
                ("discord_id", models.TextField("Discord ID", blank=True, null=True)),
                ("zoom_id", models.TextField("Zoom ID", blank=True, null=True)),
            ],
            options={"db_table": "person", "managed": False},
        ),
    ]
