CREATE TABLE username_claim (
    username text PRIMARY KEY,
    user_id bigint NOT NULL
) PARTITION BY HASH (username);
CREATE TABLE username_claim_0 PARTITION OF username_claim FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE username_claim_1 PARTITION OF username_claim FOR VALUES WITH (MODULUS 2, REMAINDER 1);

INSERT INTO username_claim SELECT upper(username), id FROM players_user;
