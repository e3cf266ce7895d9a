-- What the missions need beside the variant's tables: each UPDATE and DELETE of a row, from now on.
-- {users} is the user table, {extras} the table with the extra fields (maybe the same).

CREATE SCHEMA missions;

CREATE TABLE missions.log (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name text NOT NULL,
    row_id bigint NOT NULL,
    username text,
    old jsonb NOT NULL,
    new jsonb
);

-- what there was when the missions began does not count
CREATE TABLE missions.before (mission text, sentence text);

-- what was done once stays done
CREATE TABLE missions.done (mission text, sentence text);

CREATE FUNCTION missions.keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    row_before jsonb := to_jsonb(OLD);
    name text := row_before ->> 'username';
BEGIN
    IF name IS NULL THEN
        SELECT username INTO name FROM {users} WHERE id = (row_before ->> 'user_id')::bigint;
    END IF;
    INSERT INTO missions.log (table_name, row_id, username, old, new)
    VALUES (TG_TABLE_NAME, (row_before ->> TG_ARGV[0])::bigint, name, row_before, to_jsonb(NEW));
    RETURN NULL;
END $$;

CREATE TRIGGER missions AFTER UPDATE OR DELETE ON {users}
FOR EACH ROW EXECUTE FUNCTION missions.keep('id');

-- whether a hasher of the variant's settings can check a password against it
CREATE FUNCTION missions.is_hash(password text) RETURNS boolean LANGUAGE sql
RETURN password ~ '^(argon2|pbkdf2_sha256|scrypt)\$.*\$[A-Za-z0-9+/=]{43,}$';

-- An UPDATE that stores a new value in one column, and in another an old value that an earlier
-- UPDATE of the row had replaced. A value that the row has had before is no edit but a repair.
CREATE VIEW missions.lost_edits AS
SELECT later.username, lost.key AS lost, saved.key AS saved
FROM missions.log AS later
CROSS JOIN LATERAL jsonb_each(later.new) AS lost
CROSS JOIN LATERAL jsonb_each(later.new) AS saved
WHERE lost.value <> later.old -> lost.key
    AND saved.value <> later.old -> saved.key
    AND 'last_login' NOT IN (lost.key, saved.key)
    AND EXISTS (
        SELECT FROM missions.log AS earlier
        WHERE (earlier.table_name, earlier.row_id) = (later.table_name, later.row_id)
            AND earlier.n < later.n
            AND earlier.old -> lost.key = lost.value
            AND earlier.new -> lost.key = later.old -> lost.key
    )
    AND NOT EXISTS (
        SELECT FROM missions.log AS earlier
        WHERE (earlier.table_name, earlier.row_id) = (later.table_name, later.row_id)
            AND earlier.n < later.n
            AND saved.value IN (earlier.old -> saved.key, earlier.new -> saved.key)
    );
