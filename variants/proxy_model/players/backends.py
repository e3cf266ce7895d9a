"""The authentication backend. With it, request.user is a Player instead of a User."""

from django.contrib.auth.backends import BaseBackend, ModelBackend

from players.models import Player


class PlayerBackend(ModelBackend):
    def authenticate(self, request, username=None, password=None, **kwargs):
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            return None
        return self.get_user(user.pk)

    def get_user(self, user_id):
        player = Player.objects.filter(pk=user_id).first()
        return player if player and self.user_can_authenticate(player) else None

    # The asynchronous methods of BaseBackend call the two methods above.
    aauthenticate = BaseBackend.aauthenticate
    aget_user = BaseBackend.aget_user
