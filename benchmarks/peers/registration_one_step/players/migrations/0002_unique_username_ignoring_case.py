"""The index that the variants have, so that no registration has to read the whole table.

It is not in the model's Meta, where the form would ask one more question for it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("players", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""CREATE UNIQUE INDEX unique_username_ignoring_case
                   ON players_user (UPPER(username))""",
            reverse_sql="DROP INDEX unique_username_ignoring_case",
        ),
    ]
