from config.settings import *  # noqa: F403  the target's own

MIGRATION_MODULES = {"players": "moves.the_articles_incident.migrations"}
