"""On the way back people are made again, in batches, while the new code runs. Forward: nothing."""

from django.db import migrations

from moves import operations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("players", "0007_users_are_the_apps_own")]

    operations = [operations.PeopleAgain()]
