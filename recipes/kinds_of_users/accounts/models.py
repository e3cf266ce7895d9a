from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q


class User(AbstractUser):
    class Kind(models.TextChoices):
        PLAYER = "player"
        GAME_MASTER = "game master"

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PLAYER)
    zoom_id = models.CharField("Zoom ID", max_length=11, blank=True)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                name="kind_is_known", condition=Q(kind__in=["player", "game master"])
            ),
            models.CheckConstraint(
                name="game_master_has_a_zoom_id",
                condition=~Q(kind="game master") | ~Q(zoom_id=""),
                violation_error_message="A game master needs a Zoom ID.",
            ),
        ]


class GameMasterManager(UserManager):
    def get_queryset(self):
        return super().get_queryset().filter(kind=User.Kind.GAME_MASTER)


class GameMaster(User):
    """The game masters: the same table, with their own manager and methods."""

    objects = GameMasterManager()

    class Meta:
        proxy = True

    def save(self, *args, **kwargs):
        self.kind = User.Kind.GAME_MASTER
        super().save(*args, **kwargs)

    def room(self):
        return f"https://zoom.us/j/{self.zoom_id}"
