-- A claim table keeps usernames unique where the user table is spread by id.
-- --8<-- [start:table]
CREATE TABLE username_claim (
    username text PRIMARY KEY,
    user_id bigint NOT NULL
) PARTITION BY HASH (username);
CREATE TABLE username_claim_0 PARTITION OF username_claim FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE username_claim_1 PARTITION OF username_claim FOR VALUES WITH (MODULUS 2, REMAINDER 1);

INSERT INTO username_claim SELECT upper(username), id FROM players_user;
-- --8<-- [end:table]

-- --8<-- [start:trigger]
CREATE FUNCTION claim_username() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM username_claim WHERE username = upper(OLD.username);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO username_claim VALUES (upper(NEW.username), NEW.id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER claim_username AFTER INSERT OR DELETE OR UPDATE OF username ON players_user
    FOR EACH ROW EXECUTE FUNCTION claim_username();
-- --8<-- [end:trigger]

-- --8<-- [start:find]
SELECT user_id FROM username_claim WHERE username = upper('alice');
-- --8<-- [end:find]

-- --8<-- [start:unclaimed]
SELECT players_user.id, players_user.username
FROM players_user
LEFT JOIN username_claim
    ON username_claim.username = upper(players_user.username)
    AND username_claim.user_id = players_user.id
WHERE username_claim.username IS NULL;
-- --8<-- [end:unclaimed]
