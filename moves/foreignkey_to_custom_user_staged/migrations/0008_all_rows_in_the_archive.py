"""All rows of people are kept; on the way back all are made again, in batches, as it serves."""

from moves import operations


class Migration(operations.Migration):
    atomic = False

    dependencies = [("players", "0007_users_are_the_apps_own")]

    operations = [operations.ArchivePeople()]
