"""The users' key becomes an integer, as Django's is. This step rewrites tables."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0004_extras_in_a_row_beside_the_users"),
    ]

    operations = [
        operations.ChangeKey("auth_user", "bigint", "integer"),
    ]
