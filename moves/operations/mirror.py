"""Triggers that keep a user's row and their person equal while the old and the new code write."""

from moves.operations.base import Step
from moves.operations.locks import lock


class Mirror(Step):
    """Whatever one code writes into `person`, the other finds in `auth_user`, and the other way.

    key: person's own. Of several people of a user the newest is meant, whatever is said of which
    one counts: that is settled when they are copied. A user's row is locked before their people are
    looked at: of two writers the second then sees what the first has done. Each trigger writes only
    what differs, so they do not call each other for ever.
    """

    def __init__(self, key):
        self.key = key

    def forwards(self, cursor):
        lock(cursor, "auth_user", "person", mode="SHARE ROW EXCLUSIVE")
        cursor.execute(TRIGGERS.replace("{key}", self.key))

    def backwards(self, cursor):
        lock(cursor, "auth_user", "person")
        cursor.execute(NO_TRIGGERS)

    def describe(self):
        return "Keep auth_user and person equal by triggers"


TRIGGERS = """
    CREATE FUNCTION person_to_user() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        whose bigint;
        said record;
    BEGIN
        FOR whose IN
            SELECT DISTINCT id FROM unnest(ARRAY[OLD.user_id, NEW.user_id]) AS id
            WHERE id IS NOT NULL ORDER BY id
        LOOP
            PERFORM FROM auth_user WHERE id = whose FOR NO KEY UPDATE;
            SELECT birthdate, discord_id, zoom_id INTO said FROM person
            WHERE user_id = whose ORDER BY {key} DESC LIMIT 1;
            UPDATE auth_user SET birthdate = said.birthdate, discord_id = said.discord_id,
                zoom_id = said.zoom_id
            WHERE id = whose AND (birthdate, discord_id, zoom_id)
                IS DISTINCT FROM (said.birthdate, said.discord_id, said.zoom_id);
        END LOOP;
        RETURN NULL;
    END $$;
    CREATE TRIGGER person_to_user AFTER INSERT OR UPDATE ON person
        FOR EACH ROW EXECUTE FUNCTION person_to_user();
    -- not for those whom the trigger below deletes: their user is about to go
    CREATE TRIGGER no_person_to_user AFTER DELETE ON person
        FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION person_to_user();

    CREATE FUNCTION user_to_person() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        newest bigint := (SELECT max({key}) FROM person WHERE user_id = NEW.id);
    BEGIN
        IF newest IS NOT NULL THEN
            UPDATE person SET birthdate = NEW.birthdate, discord_id = NEW.discord_id,
                zoom_id = NEW.zoom_id
            WHERE {key} = newest AND (birthdate, discord_id, zoom_id)
                IS DISTINCT FROM (NEW.birthdate, NEW.discord_id, NEW.zoom_id);
        ELSIF num_nonnulls(NEW.birthdate, NEW.discord_id, NEW.zoom_id) > 0 THEN
            INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
            VALUES (NEW.id, NEW.birthdate, NEW.discord_id, NEW.zoom_id)
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

    -- the new code deletes a user and knows nothing of people
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
    DROP TRIGGER no_person_to_user ON person;
    DROP TRIGGER person_to_user ON person;
    DROP FUNCTION delete_person, user_to_person, person_to_user;
"""
