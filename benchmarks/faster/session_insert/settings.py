"""custom_user with a new session stored by one INSERT: see sessions.py."""

from config.settings import *  # noqa: F403

SESSION_ENGINE = "benchmarks.faster.session_insert.sessions"
