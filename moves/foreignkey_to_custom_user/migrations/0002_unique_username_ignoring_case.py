"""Usernames are unique regardless of case, even if two users register at the same time.

The table is Django's, so no model of ours can declare this index (models.E016, models.E041).
Django's look-up `username__iexact` compares UPPER(username) and uses this index too.
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
