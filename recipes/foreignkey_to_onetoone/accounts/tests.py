from datetime import date

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test import TransactionTestCase

from accounts.models import Profile

INSERT = "INSERT INTO accounts_profile (user_id, birthdate, discord_id) VALUES (%s, %s, %s)"


def insert(user, birthdate, discord_id):
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [user.pk, birthdate, discord_id])


class MigrationTests(TransactionTestCase):
    def setUp(self):
        self.alice = User.objects.create_user("alice")
        self.bob = User.objects.create_user("bob")
        call_command("migrate", "accounts", "0001", verbosity=0)
        insert(self.alice, date(2010, 5, 4), "1")
        insert(self.alice, None, "2")
        insert(self.bob, None, None)
        call_command("migrate", "accounts", verbosity=0)

    def test_the_newest_profile_stays_and_its_blanks_are_filled(self):
        profile = User.objects.get(username="alice").profile
        self.assertEqual((profile.birthdate, profile.discord_id), (date(2010, 5, 4), "2"))

    def test_a_single_profile_stays_as_it_is(self):
        self.assertIsNone(User.objects.get(username="bob").profile.birthdate)

    def test_the_database_rejects_a_second_profile(self):
        with self.assertRaises(IntegrityError):
            Profile.objects.create(user=self.alice)
