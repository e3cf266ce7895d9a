from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import RequestFactory, TestCase

from accounts.access import game_master_required
from accounts.models import GameMaster, User


@game_master_required
def dungeon(request):
    return HttpResponse("Here be dragons.")


class KindTests(TestCase):
    def setUp(self):
        self.player = User.objects.create_user("alice")
        self.master = GameMaster.objects.create_user("mallory", zoom_id="1234567890")

    def test_each_user_has_one_kind(self):
        self.assertEqual(self.player.kind, "player")
        self.assertEqual([it.username for it in GameMaster.objects.all()], ["mallory"])

    async def test_each_way_to_create_a_game_master_sets_the_kind(self):
        zoom_id = {"zoom_id": "1234567890"}
        await GameMaster.objects.acreate_user("bob", **zoom_id)
        await GameMaster.objects.acreate_superuser("carol", **zoom_id)
        await GameMaster.objects.acreate(username="dave", **zoom_id)
        self.assertEqual(await GameMaster.objects.acount(), 4)

    def test_the_database_rejects_an_unknown_kind(self):
        with self.assertRaisesMessage(IntegrityError, "kind_is_known"):
            User.objects.filter(pk=self.player.pk).update(kind="dragon")

    def test_the_database_rejects_a_game_master_without_a_zoom_id(self):
        with self.assertRaisesMessage(IntegrityError, "game_master_has_a_zoom_id"):
            GameMaster.objects.create_user("bob")

    def test_telling_the_kind_of_a_user_runs_no_query(self):
        user = User.objects.get(pk=self.player.pk)
        with self.assertNumQueries(0):
            self.assertEqual(user.kind, User.Kind.PLAYER)

    def test_only_game_masters_enter(self):
        request = RequestFactory().get("/dungeon/")
        request.user = User.objects.get(username="mallory")
        self.assertEqual(dungeon(request).status_code, 200)
        request.user = self.player
        with self.assertRaises(PermissionDenied):
            dungeon(request)
        request.user = AnonymousUser()
        self.assertEqual(dungeon(request).status_code, 302)
