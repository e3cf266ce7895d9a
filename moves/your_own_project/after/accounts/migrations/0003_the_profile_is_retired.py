"""The table of the profiles moves into a schema `archive`, and comes back on the way back.

It keeps its rows, keys, views and privileges. Django no longer knows it, so PostgreSQL deletes a
profile with its user, and forgets it in the orders.
"""

from django.db import migrations

RENAME = "UPDATE django_content_type SET app_label = '{}' WHERE (app_label, model) = ('{}', 'user')"
# the names are those that Django gave: look them up with \d accounts_profile
KEYS = """
    ALTER TABLE {profile} DROP CONSTRAINT accounts_profile_user_id_49a85d32_fk_auth_user_id,
        ADD CONSTRAINT accounts_profile_user_id_49a85d32_fk_auth_user_id
            FOREIGN KEY (user_id) REFERENCES auth_user {user_goes};
    ALTER TABLE shop_order DROP CONSTRAINT shop_order_customer_id_f638df20_fk_accounts_profile_id,
        ADD CONSTRAINT shop_order_customer_id_f638df20_fk_accounts_profile_id
            FOREIGN KEY (customer_id) REFERENCES {profile} {profile_goes};
"""
RETIRE = """
    CREATE SCHEMA archive;
    ALTER TABLE accounts_profile SET SCHEMA archive;
""" + KEYS.format(
    profile="archive.accounts_profile",
    user_goes="ON DELETE CASCADE",
    profile_goes="ON DELETE SET NULL",
)
# users who registered since get a profile if they have something to keep there
BRING_BACK = """
    ALTER TABLE archive.accounts_profile SET SCHEMA public;
    DROP SCHEMA archive;
    UPDATE accounts_profile AS profile SET phone = auth_user.phone
    FROM auth_user WHERE auth_user.id = user_id AND profile.phone <> auth_user.phone;
    INSERT INTO accounts_profile (id, user_id, phone)
    SELECT gen_random_uuid(), id, phone FROM auth_user
    WHERE (phone <> '' OR id IN (SELECT user_id FROM shop_order))
        AND id NOT IN (SELECT user_id FROM accounts_profile);
    SET CONSTRAINTS ALL IMMEDIATE;
""" + KEYS.format(
    profile="accounts_profile",
    user_goes="DEFERRABLE INITIALLY DEFERRED",
    profile_goes="DEFERRABLE INITIALLY DEFERRED",
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_phone_in_the_users_row"),
        ("shop", "0002_orders_point_at_users"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(RENAME.format("accounts", "auth"), RENAME.format("auth", "accounts")),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel("Profile")],
            database_operations=[migrations.RunSQL(RETIRE, BRING_BACK)],
        ),
    ]
