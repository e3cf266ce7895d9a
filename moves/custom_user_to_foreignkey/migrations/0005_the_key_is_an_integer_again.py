"""The users' key becomes an integer, as Django's is. This step rewrites tables."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0004_extras_in_rows_that_point_at_users"),
    ]

    operations = [
        operations.ChangeKey("auth_user", "bigint", "integer"),
    ]
