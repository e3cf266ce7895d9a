-- What a site does on the distributed tables, where usernames are kept unique by claims. Each section
-- is one statement, so that it is whole or nothing; `workbench shards` runs each.

-- --8<-- [start:register]
WITH registered AS (
    INSERT INTO players_user (username, email, password, first_name, last_name,
                              is_superuser, is_staff, is_active, date_joined, birthdate)
    VALUES (%(username)s, %(email)s, '!', '', '', false, false, true, now(), %(birthdate)s)
    RETURNING id, username
)
INSERT INTO username_claim (username, user_id)
SELECT upper(username), id FROM registered
RETURNING user_id;
-- --8<-- [end:register]

-- --8<-- [start:find]
SELECT players_user.id, players_user.username, email, birthdate
FROM username_claim
JOIN players_user ON players_user.id = user_id
WHERE username_claim.username = upper(%(username)s);
-- --8<-- [end:find]

-- --8<-- [start:rename]
WITH renamed AS (
    UPDATE players_user SET username = %(new)s WHERE id = %(id)s RETURNING id
)
UPDATE username_claim SET username = upper(%(new)s)
FROM renamed
WHERE user_id = renamed.id
RETURNING user_id;
-- --8<-- [end:rename]

-- --8<-- [start:remove]
DELETE FROM players_user WHERE id = %(id)s RETURNING id;
-- --8<-- [end:remove]

-- --8<-- [start:unclaimed]
SELECT players_user.id
FROM players_user
LEFT JOIN username_claim
    ON user_id = players_user.id AND username_claim.username = upper(players_user.username)
WHERE user_id IS NULL;
-- --8<-- [end:unclaimed]

-- --8<-- [start:trigger]
CREATE FUNCTION claim_username() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO username_claim VALUES (upper(NEW.username), NEW.id);
    ELSE
        UPDATE username_claim SET username = upper(NEW.username) WHERE user_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER claim_username AFTER INSERT OR UPDATE OF username ON players_user
    FOR EACH ROW EXECUTE FUNCTION claim_username();
-- --8<-- [end:trigger]
