"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from moves import operations
from moves.operations import checks


class Migration(operations.Migration):
    dependencies = [
        ("players", "0006_the_key_is_a_bigint"),
    ]

    operations = [
        operations.AlignNames(),
        operations.LookFirst(
            checks.keys_fit_integer,
            checks.nothing_is_lost(users=True, makes=("person",)),
            back=True,
        ),
    ]
