"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from moves import operations
from moves.operations import checks


class Migration(operations.Migration):
    dependencies = [
        ("players", "0003_any_number_of_people"),
    ]

    operations = [
        operations.AlignNames(),
        operations.LookFirst(
            checks.nothing_is_lost(drops=True, makes=("old_person",)),
            back=True,
        ),
    ]
