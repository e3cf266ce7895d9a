"""The authentication backend that makes request.user a Player."""

from django.contrib.auth.backends import ModelBackend

from players.models import Player


class PlayerBackend(ModelBackend):
    def authenticate(self, request, **credentials):
        return as_player(super().authenticate(request, **credentials))

    def get_user(self, user_id):
        return as_player(super().get_user(user_id))

    async def aauthenticate(self, request, **credentials):
        return as_player(await super().aauthenticate(request, **credentials))

    async def aget_user(self, user_id):
        return as_player(await super().aget_user(user_id))


def as_player(user):
    """The same row as a Player, without asking PostgreSQL again; None stays None."""
    if user is None:
        return None
    names = [field.attname for field in Player._meta.concrete_fields]
    return Player.from_db(user._state.db, names, [getattr(user, name) for name in names])
