"""The app: its name, and what it does to Django's login."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class PlayersConfig(AppConfig):
    name = "players"

    def ready(self):
        from players.logins import note_login

        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(note_login, dispatch_uid="update_last_login")
