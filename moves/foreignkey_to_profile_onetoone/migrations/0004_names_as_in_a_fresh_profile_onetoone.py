"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0003_one_person_for_each_user"),
    ]

    operations = [
        operations.AlignNames(),
    ]
