"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0004_the_user_is_the_key")]

    operations = [operations.AlignNames()]
