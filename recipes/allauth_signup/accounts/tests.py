from datetime import date

from django.test import TestCase

from accounts.models import User

TYPED = {
    "username": "alice",
    "email": "alice@example.org",
    "password1": "mage-hand-33",
    "password2": "mage-hand-33",
    "birthdate": "2010-05-04",
    "discord_id": "100000000000000001",
}


class SignupTests(TestCase):
    def sign_up(self, **other):
        return self.client.post("/accounts/signup/", {**TYPED, **other})

    def test_the_page_asks_for_the_extra_fields(self):
        page = self.client.get("/accounts/signup/")
        self.assertContains(page, 'name="birthdate"')
        self.assertContains(page, 'name="discord_id"')

    def test_it_stores_the_extra_fields(self):
        self.assertEqual(self.sign_up().status_code, 302)
        user = User.objects.get(username="alice")
        self.assertEqual(user.birthdate, date(2010, 5, 4))
        self.assertEqual(user.discord_id, "100000000000000001")
        self.assertTrue(user.check_password("mage-hand-33"))

    def test_an_invalid_birthdate_stores_nothing(self):
        page = self.sign_up(birthdate="2010-02-30")
        self.assertContains(page, "Enter a valid date.")
        self.assertFalse(User.objects.exists())
