from config.settings import *  # noqa: F403  the target's own

MIGRATION_MODULES = {"players": "moves.profile_onetoone_to_custom_user.migrations"}
