from datetime import date

from django.contrib.auth import authenticate
from django.test import TestCase

from accounts.forms import RegisterForm
from accounts.models import User

FILLED_IN = {
    "username": "alice",
    "password1": "mage-hand-33",
    "password2": "mage-hand-33",
    "birthdate": "2010-05-04",
    "discord_id": "100000000000000001",
}


class RegisterTests(TestCase):
    def test_the_form_stores_the_extra_fields(self):
        form = RegisterForm(FILLED_IN)
        self.assertTrue(form.is_valid(), form.errors)
        form.save()
        user = authenticate(username="alice", password="mage-hand-33")
        self.assertEqual(user.birthdate, date(2010, 5, 4))
        self.assertEqual(user.discord_id, "100000000000000001")

    def test_a_blank_discord_id_is_stored_as_null(self):
        form = RegisterForm({**FILLED_IN, "discord_id": ""})
        self.assertTrue(form.is_valid(), form.errors)
        self.assertIsNone(form.save().discord_id)

    def test_the_form_rejects_the_username_in_another_case(self):
        User.objects.create_user("Alice")
        self.assertIn("username", RegisterForm(FILLED_IN).errors)


class AdminTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("staff"))

    def test_staff_add_a_user_with_the_extra_fields(self):
        sent = {"usable_password": "true", **FILLED_IN}
        self.client.post("/admin/accounts/user/add/", sent)
        self.assertEqual(User.objects.get(username="alice").birthdate, date(2010, 5, 4))

    def test_the_change_page_shows_the_birthdate(self):
        user = User.objects.create_user("alice", birthdate=date(2010, 5, 4))
        page = self.client.get(f"/admin/accounts/user/{user.pk}/change/")
        self.assertContains(page, "2010-05-04")
