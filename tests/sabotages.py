"""Deliberate faults that are one statement, at the end of a move or of its way back.

{name: (move, direction, SQL, the checks that catch it)}. In the SQL, USERS is the users' table.
"""

ONE = ("profile_onetoone", "custom_user")
MANY = ("foreignkey", "custom_user")
KEPT = ("profile_onetoone", "foreignkey")
PROXY = ("proxy_model", "profile_onetoone")
OPPOSITE = ("custom_user", "profile_onetoone")
NOTHING = "num_nonnulls(birthdate, discord_id, zoom_id) = 0"
# not of those whose logins are tried
GARBAGE = """
    UPDATE django_session SET session_data = 'x'
    WHERE session_key > 'session0000000000000000000000106'
"""

SABOTAGES = {
    # rows
    "sessions_turned_to_garbage": (
        *(ONE, "forward", GARBAGE),
        ["contents of sessions"],
    ),
    "sessions_turned_to_garbage_on_the_way_back": (
        *(ONE, "back", GARBAGE),
        ["contents of sessions"],
    ),
    "people_without_extra_fields_deleted": (
        *(KEPT, "forward", f"DELETE FROM person WHERE {NOTHING}"),
        ["profile rows"],
    ),
    "people_without_extra_fields_deleted_on_the_way_back": (
        *(ONE, "back", f"DELETE FROM person WHERE {NOTHING}"),
        ["profile rows"],
    ),
    "people_made_up_on_the_way_back": (
        *(ONE, "back", "INSERT INTO person (user_id) SELECT id FROM USERS ON CONFLICT DO NOTHING"),
        ["profile rows"],
    ),
    "log_about_the_deleted_names_a_group": (
        ONE,
        "forward",
        """UPDATE django_admin_log SET content_type_id = (SELECT id FROM django_content_type
               WHERE (app_label, model) = ('auth', 'group')) WHERE object_id = '2000000001'""",
        ["log entries"],
    ),
    "group_renamed": (
        *(ONE, "forward", "UPDATE auth_group SET name = 'Lords' WHERE name = 'Masters'"),
        ["rows of auth_group"],
    ),
    "row_of_another_app_changed_on_the_way_back": (
        *(MANY, "back", "UPDATE world_guild SET name = 'x' WHERE id = 3"),
        ["rows of world_guild"],
    ),
    "users_without_a_person_forgotten": (
        *(ONE, "forward", "DROP TABLE archive.without_person"),
        ["users without a profile row"],
    ),
    "archive_emptied": (
        ONE,
        "forward",
        "TRUNCATE archive.reference, archive.permission, archive.holder, archive.name",
        ["references in the archive", "permissions in the archive", "names in the archive"],
    ),
    "archive_of_references_emptied": (
        *(KEPT, "forward", "TRUNCATE archive.reference"),
        ["references in the archive"],
    ),
    # tables
    "owner_changed": (ONE, "forward", "ALTER TABLE USERS OWNER TO pg_monitor", ["schema"]),
    "everybody_may_read": (ONE, "forward", "GRANT SELECT ON USERS TO PUBLIC", ["schema"]),
    "everybody_may_read_after_the_way_back": (
        *(ONE, "back", "GRANT SELECT (password) ON USERS TO PUBLIC"),
        ["schema"],
    ),
    "person_unlogged": (OPPOSITE, "forward", "ALTER TABLE person SET UNLOGGED", ["schema"]),
    "row_security_forced": (
        ONE,
        "forward",
        "ALTER TABLE USERS ENABLE ROW LEVEL SECURITY; ALTER TABLE USERS FORCE ROW LEVEL SECURITY",
        ["schema"],
    ),
    "collation_changed": (
        *(ONE, "forward", 'ALTER TABLE USERS ALTER zoom_id TYPE text COLLATE "C"'),
        ["schema"],
    ),
    "default_left_behind": (
        *(ONE, "back", "ALTER TABLE person ALTER zoom_id SET DEFAULT '0'"),
        ["schema"],
    ),
    "comment_left_behind": (ONE, "back", "COMMENT ON TABLE person IS 'moved'", ["schema"]),
    "index_of_another_app_lost": (
        *(MANY, "forward", "DROP INDEX world_guild_owner_id_8f0873ff"),
        ["schema"],
    ),
    "statistics_target_changed": (
        *(ONE, "forward", "ALTER TABLE USERS ALTER email SET STATISTICS 7"),
        ["schema"],
    ),
    # sequences
    "sequence_at_its_end": (
        ONE,
        "forward",
        "SELECT setval(pg_get_serial_sequence('USERS', 'id'), 9223372036854775807)",
        ["sequences"],
    ),
    "sequence_that_cycles": (
        *(ONE, "forward", "ALTER TABLE USERS ALTER id SET CYCLE"),
        ["schema"],
    ),
    "sequence_of_another_app_moved_on": (
        ONE,
        "back",
        "SELECT setval(pg_get_serial_sequence('world_guild', 'id'), 5000)",
        ["sequences"],
    ),
    # objects left behind
    "passwords_left_in_a_view": (
        *(ONE, "forward", "CREATE MATERIALIZED VIEW leak AS SELECT password FROM USERS"),
        ["schema"],
    ),
    "table_left_in_another_schema": (
        *(ONE, "back", "CREATE SCHEMA old; CREATE TABLE old.users AS SELECT * FROM USERS"),
        ["schema"],
    ),
    "passwords_left_in_the_archive": (
        *(ONE, "forward", "CREATE TABLE archive.leak AS SELECT password FROM USERS"),
        ["schema"],
    ),
    "everybody_may_read_the_archive": (
        *(MANY, "forward", "GRANT SELECT ON archive.person TO PUBLIC"),
        ["schema"],
    ),
    "foreign_key_disabled": (
        *(ONE, "forward", "ALTER TABLE world_guild DISABLE TRIGGER ALL"),
        ["schema"],
    ),
    "rule_left_behind": (
        *(ONE, "forward", "CREATE RULE keep AS ON DELETE TO USERS DO INSTEAD NOTHING"),
        ["schema"],
    ),
    "policy_left_behind": (
        *(PROXY, "forward", "CREATE POLICY own ON person USING (false)"),
        ["schema"],
    ),
    "publication_left_behind": (
        *(ONE, "back", "CREATE PUBLICATION news FOR TABLE person"),
        ["schema"],
    ),
}
