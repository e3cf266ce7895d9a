"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from moves import operations
from moves.operations import checks


class Migration(operations.Migration):
    dependencies = [
        ("players", "0005_the_key_is_an_integer_again"),
    ]

    operations = [
        operations.AlignNames(),
        operations.LookFirst(
            checks.nothing_is_lost(drops=True, users=True, makes=("players_user",)),
            back=True,
        ),
    ]
