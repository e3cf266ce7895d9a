"""Orders point at users. The old column stays for the way back; nothing writes it any more."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILL = """
    UPDATE shop_order SET user_id = profile.user_id
    FROM accounts_profile AS profile WHERE profile.id = customer_id;
    SET CONSTRAINTS ALL IMMEDIATE
"""
FILL_BACK = """
    UPDATE shop_order SET customer_id = profile.id
    FROM accounts_profile AS profile WHERE profile.user_id = shop_order.user_id
        AND customer_id IS NULL;
    SET CONSTRAINTS ALL IMMEDIATE
"""
USER = {"to": settings.AUTH_USER_MODEL, "on_delete": django.db.models.deletion.CASCADE}


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial"), ("accounts", "0002_phone_in_the_users_row")]

    operations = [
        migrations.AddField("order", "user", models.ForeignKey(null=True, **USER)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("order", "user", models.ForeignKey(**USER)),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("order", "customer")],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE shop_order ALTER customer_id DROP NOT NULL",
                    FILL_BACK + "; ALTER TABLE shop_order ALTER customer_id SET NOT NULL",
                )
            ],
        ),
    ]
