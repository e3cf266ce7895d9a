"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from django.db import migrations

from moves import operations


class Migration(migrations.Migration):
    dependencies = [
        ("players", "0009_the_key_is_a_bigint"),
    ]

    operations = [
        operations.AlignNames(),
    ]
