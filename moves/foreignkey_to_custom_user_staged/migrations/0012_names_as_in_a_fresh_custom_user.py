"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0011_the_key_is_a_bigint"),
    ]

    operations = [
        operations.AlignNames(),
    ]
