"""custom_user with `last_login` in the INSERT of a new user: see urls.py."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.faster.last_login_insert.urls"
