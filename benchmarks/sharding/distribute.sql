-- Moves a migrated custom_user database onto four hash partitions by user, and its usernames into a
-- table of claims, in one transaction. Run by `workbench shards`; each section is timed.

-- --8<-- [start:aside]
CREATE SCHEMA whole;
ALTER TABLE players_user SET SCHEMA whole;
ALTER TABLE players_user_groups SET SCHEMA whole;
ALTER TABLE players_user_user_permissions SET SCHEMA whole;
ALTER TABLE django_admin_log SET SCHEMA whole;
-- --8<-- [end:aside]

-- --8<-- [start:tables]
CREATE TABLE players_user
    (LIKE whole.players_user INCLUDING DEFAULTS INCLUDING IDENTITY)
    PARTITION BY HASH (id);
CREATE TABLE players_user_groups
    (LIKE whole.players_user_groups INCLUDING IDENTITY)
    PARTITION BY HASH (user_id);
CREATE TABLE players_user_user_permissions
    (LIKE whole.players_user_user_permissions INCLUDING IDENTITY)
    PARTITION BY HASH (user_id);
CREATE TABLE django_admin_log
    (LIKE whole.django_admin_log INCLUDING CONSTRAINTS INCLUDING IDENTITY)
    PARTITION BY HASH (user_id);
CREATE TABLE username_claim (username text NOT NULL, user_id bigint NOT NULL)
    PARTITION BY HASH (username);
DO $$
DECLARE
    whole text;
BEGIN
    FOREACH whole IN ARRAY ARRAY['players_user', 'players_user_groups',
        'players_user_user_permissions', 'django_admin_log', 'username_claim']
    LOOP
        FOR shard IN 0..3 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I'
                ' FOR VALUES WITH (MODULUS 4, REMAINDER %s)', whole || '_' || shard, whole, shard);
        END LOOP;
    END LOOP;
END $$;
-- --8<-- [end:tables]

-- --8<-- [start:rows]
INSERT INTO players_user SELECT * FROM whole.players_user;
INSERT INTO players_user_groups SELECT * FROM whole.players_user_groups;
INSERT INTO players_user_user_permissions SELECT * FROM whole.players_user_user_permissions;
INSERT INTO django_admin_log SELECT * FROM whole.django_admin_log;
SELECT setval(pg_get_serial_sequence(name, 'id'), nextval(pg_get_serial_sequence('whole.' || name, 'id')))
    FROM unnest(ARRAY['players_user', 'players_user_groups', 'players_user_user_permissions',
        'django_admin_log']) AS name;
-- --8<-- [end:rows]

-- --8<-- [start:keys]
ALTER TABLE players_user ADD PRIMARY KEY (id);
CREATE INDEX ON players_user (username);
ALTER TABLE players_user_groups
    ADD PRIMARY KEY (user_id, id),
    ADD UNIQUE (user_id, group_id),
    ADD FOREIGN KEY (user_id) REFERENCES players_user DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (group_id) REFERENCES auth_group DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE players_user_user_permissions
    ADD PRIMARY KEY (user_id, id),
    ADD UNIQUE (user_id, permission_id),
    ADD FOREIGN KEY (user_id) REFERENCES players_user DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (permission_id) REFERENCES auth_permission DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE django_admin_log
    ADD PRIMARY KEY (user_id, id),
    ADD FOREIGN KEY (user_id) REFERENCES players_user DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (content_type_id) REFERENCES django_content_type
        DEFERRABLE INITIALLY DEFERRED;
-- --8<-- [end:keys]

-- --8<-- [start:claims]
INSERT INTO username_claim SELECT upper(username), id FROM players_user;
ALTER TABLE username_claim
    ADD PRIMARY KEY (username),
    ADD FOREIGN KEY (user_id) REFERENCES players_user ON DELETE CASCADE;
CREATE INDEX ON username_claim (user_id);
-- --8<-- [end:claims]

-- --8<-- [start:done]
DROP SCHEMA whole CASCADE;
-- --8<-- [end:done]
