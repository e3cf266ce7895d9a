"""The app's name: short, as another app's is, whatever the folder."""

from django.apps import AppConfig


class WorldConfig(AppConfig):
    name = "moves.world"
    label = "world"
