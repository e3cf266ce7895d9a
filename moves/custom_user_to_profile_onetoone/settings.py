from config.settings import *  # noqa: F403  the target's own

MIGRATION_MODULES = {"players": "moves.custom_user_to_profile_onetoone.migrations"}
