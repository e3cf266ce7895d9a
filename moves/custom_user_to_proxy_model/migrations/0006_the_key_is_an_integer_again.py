"""The users' key becomes an integer, as Django's is. This step rewrites tables."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0005_sessions_name_the_proxys_backend"),
    ]

    operations = [
        operations.ChangeKey("auth_user", "bigint", "integer"),
    ]
