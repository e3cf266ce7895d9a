"""On the way back people are made again, in batches, while the new code runs. Forward: nothing."""

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0007_users_are_the_apps_own")]

    operations = [operations.PeopleAgain()]
