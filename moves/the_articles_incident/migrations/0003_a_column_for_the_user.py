"""Django takes the table over, and each row gets a column that says whose it is.

Nobody but you knows whose the rows are: fill the column before the next migration.

    UPDATE person SET user_id = auth_user.id FROM auth_user WHERE ...
"""

from django.conf import settings
from django.db import migrations, models

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0002_unique_username_ignoring_case")]

    operations = [
        migrations.AlterModelOptions("person", {"verbose_name_plural": "people"}),
        migrations.AddField(
            "person", "user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
        ),
    ]
