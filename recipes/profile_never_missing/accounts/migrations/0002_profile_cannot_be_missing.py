from django.conf import settings
from django.db import migrations

# Every way to add a user fires this trigger: the ORM, bulk_create(), COPY and SQL.
CREATE_WITH_USER = """
CREATE FUNCTION create_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_profile (user_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER create_profile AFTER INSERT ON auth_user
    FOR EACH ROW EXECUTE FUNCTION create_profile();
"""

# Checked at the end of the transaction, because Django deletes the profile before its user.
KEEP_WITH_USER = """
CREATE FUNCTION keep_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM auth_user WHERE id = OLD.user_id)
       AND NOT EXISTS (SELECT FROM accounts_profile WHERE user_id = OLD.user_id)
    THEN
        RAISE integrity_constraint_violation
            USING MESSAGE = format('User %s must keep a profile.', OLD.user_id);
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER keep_profile AFTER DELETE OR UPDATE OF user_id ON accounts_profile
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_profile();
"""

FOR_OLDER_USERS = """
INSERT INTO accounts_profile (user_id) SELECT id FROM auth_user ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # The trigger comes first: a user who is added while this runs gets a row from either.
    operations = [
        migrations.RunSQL(
            CREATE_WITH_USER,
            "DROP TRIGGER create_profile ON auth_user; DROP FUNCTION create_profile;",
        ),
        migrations.RunSQL(
            KEEP_WITH_USER,
            "DROP TRIGGER keep_profile ON accounts_profile; DROP FUNCTION keep_profile;",
        ),
        migrations.RunSQL(FOR_OLDER_USERS, migrations.RunSQL.noop),
    ]
