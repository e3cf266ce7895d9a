"""Constraints, indexes and sequences get the names that a fresh database would give them."""

from django.db import migrations

from moves import operations


class Migration(migrations.Migration):
    dependencies = [("players", "0004_the_user_is_the_key")]

    operations = [operations.AlignNames()]
