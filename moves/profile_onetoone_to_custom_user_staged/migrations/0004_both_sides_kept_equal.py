"""Triggers: what the old code writes into person goes into the users' row, and the other way."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0003_columns_while_the_site_serves")]

    operations = [operations.Mirror("user_id")]
