from datetime import date

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import TestCase, TransactionTestCase

from accounts.models import Profile


class BackfillTests(TransactionTestCase):
    def test_the_migration_gives_each_older_user_a_profile(self):
        User.objects.bulk_create([User(username=f"user{number}") for number in range(3)])
        keeps = User.objects.get(username="user0")
        Profile.objects.create(user=keeps, birthdate=date(2010, 5, 4))
        call_command("migrate", "accounts", "0001", verbosity=0)
        call_command("migrate", "accounts", verbosity=0)
        self.assertFalse(User.objects.filter(profile=None).exists())
        self.assertEqual(User.objects.get(pk=keeps.pk).profile.birthdate, date(2010, 5, 4))


class NewUserTests(TestCase):
    def test_a_new_user_has_a_profile(self):
        self.assertIsNone(User.objects.create_user("alice").profile.birthdate)
