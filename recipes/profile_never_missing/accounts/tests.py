from datetime import date

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import TransactionTestCase

from accounts.models import Profile

INSERT = """
    INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser,
                           is_staff, is_active, date_joined)
    VALUES ('by_sql', '', '', '', '', false, false, true, now())
"""


class ProfileTests(TransactionTestCase):
    def test_every_way_to_add_a_user_creates_the_profile(self):
        User.objects.create_user("by_manager")
        User.objects.bulk_create([User(username="by_bulk_create")])
        with connection.cursor() as cursor:
            cursor.execute(INSERT)
        self.assertEqual(Profile.objects.count(), 3)

    def test_a_profile_cannot_be_deleted_alone(self):
        user = User.objects.create_user("alice")
        with self.assertRaisesMessage(IntegrityError, f"User {user.pk} must keep a profile."):
            user.profile.delete()
        self.assertTrue(Profile.objects.filter(user=user).exists())

    def test_a_user_is_deleted_with_the_profile(self):
        User.objects.create_user("alice").delete()
        self.assertFalse(Profile.objects.exists())

    def test_a_profile_may_be_replaced(self):
        user = User.objects.create_user("alice")
        with transaction.atomic():
            user.profile.delete()
            Profile.objects.create(user=user, birthdate=date(2010, 5, 4))
        self.assertEqual(Profile.objects.get().birthdate, date(2010, 5, 4))

    def test_saving_a_new_profile_object_updates_the_row(self):
        user = User.objects.create_user("alice")
        Profile(user=user, birthdate=date(2010, 5, 4)).save()
        self.assertEqual(Profile.objects.get().birthdate, date(2010, 5, 4))

    def test_the_migration_gives_older_users_a_profile(self):
        call_command("migrate", "accounts", "0001", verbosity=0)
        User.objects.create_user("alice")
        self.assertFalse(Profile.objects.exists())
        call_command("migrate", "accounts", verbosity=0)
        self.assertTrue(Profile.objects.exists())
