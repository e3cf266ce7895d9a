"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from moves import operations
from moves.operations import checks


class Migration(operations.Migration):
    dependencies = [
        ("players", "0003_one_person_for_each_user"),
    ]

    operations = [
        operations.AlignNames(),
        operations.LookFirst(
            checks.nothing_is_lost(drops=True, makes=("old_person",)),
            back=True,
        ),
    ]
