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
