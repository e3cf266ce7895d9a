"""No two usernames that differ in case only: PostgreSQL says so, also when two register at once.

The table is Django's, so no Meta of ours can declare it (models.E016, E041): it is written by
hand. It also gives the question of Django's forms, UPPER(username) = UPPER(...), an index to use.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("players", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunSQL(
            sql="""CREATE UNIQUE INDEX unique_username_ignoring_case
                   ON auth_user (UPPER(username))""",
            reverse_sql="DROP INDEX unique_username_ignoring_case",
        ),
    ]
