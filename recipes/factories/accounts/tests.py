from datetime import date

from django.test import TestCase

from accounts.factories import UserFactory
from accounts.models import Profile


class UserFactoryTests(TestCase):
    def test_each_user_has_one_profile(self):
        users = UserFactory.create_batch(3)
        self.assertEqual(Profile.objects.count(), len(users))

    def test_the_profile_is_filled_in(self):
        user = UserFactory(profile__birthdate=date(1999, 12, 31))
        self.assertEqual(Profile.objects.get(user=user).birthdate, date(1999, 12, 31))

    def test_a_birthdate_may_be_left_out(self):
        user = UserFactory(profile__birthdate=None)
        self.assertIsNone(Profile.objects.get(user=user).birthdate)

    def test_the_user_logs_in(self):
        user = UserFactory()
        self.assertTrue(self.client.login(username=user.username, password="mage-hand-33"))

    def test_build_stores_nothing(self):
        UserFactory.build()
        self.assertFalse(Profile.objects.exists())
