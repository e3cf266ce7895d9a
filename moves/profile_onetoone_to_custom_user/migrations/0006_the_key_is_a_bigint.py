"""The users' key becomes a bigint. This step alone rewrites tables; it may wait."""

from django.db import migrations, models

from moves import operations


class Migration(operations.Migration):
    dependencies = [
        ("players", "0005_the_users_table_is_ours"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[operations.ChangeKey("players_user", "integer", "bigint")],
            state_operations=[
                migrations.AlterField(
                    "user",
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                )
            ],
        ),
    ]
