"""Triggers: what the old code writes into person goes into the users' row, and the other way.

A trigger writes only what differs, so the two do not call each other for ever.
"""

from django.db import migrations

from moves import operations

TRIGGERS = """
    CREATE FUNCTION person_to_user() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE auth_user SET birthdate = NEW.birthdate, discord_id = NEW.discord_id,
            zoom_id = NEW.zoom_id
        WHERE id = NEW.user_id AND (birthdate, discord_id, zoom_id)
            IS DISTINCT FROM (NEW.birthdate, NEW.discord_id, NEW.zoom_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER person_to_user AFTER INSERT OR UPDATE ON person
        FOR EACH ROW EXECUTE FUNCTION person_to_user();

    CREATE FUNCTION user_to_person() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE person SET birthdate = NEW.birthdate, discord_id = NEW.discord_id,
            zoom_id = NEW.zoom_id
        WHERE user_id = NEW.id AND (birthdate, discord_id, zoom_id)
            IS DISTINCT FROM (NEW.birthdate, NEW.discord_id, NEW.zoom_id);
        IF NOT FOUND AND num_nonnulls(NEW.birthdate, NEW.discord_id, NEW.zoom_id) > 0 THEN
            INSERT INTO person VALUES (NEW.id, NEW.birthdate, NEW.discord_id, NEW.zoom_id)
            ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER user_to_person AFTER UPDATE OF birthdate, discord_id, zoom_id ON auth_user
        FOR EACH ROW
        WHEN ((OLD.birthdate, OLD.discord_id, OLD.zoom_id)
            IS DISTINCT FROM (NEW.birthdate, NEW.discord_id, NEW.zoom_id))
        EXECUTE FUNCTION user_to_person();
    CREATE TRIGGER new_user_to_person AFTER INSERT ON auth_user
        FOR EACH ROW EXECUTE FUNCTION user_to_person();

    -- the old code knows nothing of these columns; the new one deletes users without their person
    CREATE FUNCTION delete_person() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM person WHERE user_id = OLD.id;
        RETURN OLD;
    END $$;
    CREATE TRIGGER delete_person BEFORE DELETE ON auth_user
        FOR EACH ROW EXECUTE FUNCTION delete_person();
"""
NO_TRIGGERS = """
    DROP TRIGGER delete_person ON auth_user;
    DROP TRIGGER new_user_to_person ON auth_user;
    DROP TRIGGER user_to_person ON auth_user;
    DROP TRIGGER person_to_user ON person;
    DROP FUNCTION delete_person, user_to_person, person_to_user;
"""


class Migration(migrations.Migration):
    dependencies = [("players", "0003_columns_for_the_extras")]

    operations = [operations.Sql(TRIGGERS, NO_TRIGGERS)]
