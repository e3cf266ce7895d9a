from config.settings import *  # noqa: F403  the target's own

MIGRATION_MODULES = {"players": "moves.foreignkey_to_custom_user_staged.migrations"}
