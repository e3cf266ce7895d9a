from datetime import date

from django.contrib.auth.models import User
from django.test import override_settings
from rest_framework.test import APITestCase

from accounts.models import Profile

ALICE = {
    "username": "alice",
    "password": "mage-hand-33",
    "profile": {"birthdate": "2010-05-04"},
}
TOO_SHORT = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
]


class RegisterTests(APITestCase):
    def register(self, **other):
        return self.client.post("/api/register/", {**ALICE, **other}, format="json")

    def test_it_stores_the_user_and_the_profile(self):
        self.assertEqual(self.register().status_code, 201)
        user = User.objects.get(username="alice")
        self.assertTrue(user.check_password("mage-hand-33"))
        self.assertEqual(user.profile.birthdate, date(2010, 5, 4))

    def test_it_does_not_tell_the_password(self):
        self.assertNotIn("password", self.register().json())

    def test_an_invalid_birthdate_stores_nothing(self):
        answer = self.register(profile={"birthdate": "2010-02-30"})
        self.assertIn("birthdate", answer.json()["profile"])
        self.assertFalse(User.objects.exists())

    @override_settings(AUTH_PASSWORD_VALIDATORS=TOO_SHORT)
    def test_a_short_password_is_refused(self):
        self.assertIn("password", self.register(password="short").json())
        self.assertFalse(User.objects.exists())


class MeTests(APITestCase):
    def setUp(self):
        self.user = User.objects.create_user("alice", password="mage-hand-33")
        self.client.force_authenticate(self.user)

    def test_a_change_of_the_birthdate_keeps_the_password(self):
        sent = {"profile": {"birthdate": "1999-12-31"}}
        answer = self.client.patch("/api/me/", sent, format="json")
        self.assertEqual(answer.json()["profile"], {"birthdate": "1999-12-31"})
        user = User.objects.get(pk=self.user.pk)
        self.assertEqual(user.profile.birthdate, date(1999, 12, 31))
        self.assertTrue(user.check_password("mage-hand-33"))

    def test_username_and_password_stay(self):
        """Django's password page asks for the old password, and keeps the session."""
        sent = {"username": "mallory", "password": "other-hand-44"}
        self.assertEqual(self.client.patch("/api/me/", sent, format="json").status_code, 200)
        self.assertTrue(User.objects.get(username="alice").check_password("mage-hand-33"))

    def test_a_missing_profile_is_created(self):
        Profile.objects.all().delete()
        self.client.force_authenticate(User.objects.get())
        self.client.patch("/api/me/", {"profile": {"birthdate": "1999-12-31"}}, format="json")
        self.assertEqual(Profile.objects.get().birthdate, date(1999, 12, 31))

    def test_visitors_are_refused(self):
        self.client.force_authenticate(None)
        self.assertEqual(self.client.get("/api/me/").status_code, 403)
