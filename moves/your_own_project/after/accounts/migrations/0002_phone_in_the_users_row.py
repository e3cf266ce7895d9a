"""The extra field of the profile goes into the user's row."""

from django.db import migrations, models

COPY = """
    UPDATE auth_user SET phone = profile.phone
    FROM accounts_profile AS profile WHERE profile.user_id = auth_user.id
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            "user", "phone", models.TextField(blank=True, default="", db_default="")
        ),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
    ]
