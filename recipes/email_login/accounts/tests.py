from django.contrib.auth import aauthenticate, authenticate
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test import TestCase

from accounts.forms import RegisterForm
from accounts.models import User

PASSWORD = "mage-hand-33"


class EmailLoginTests(TestCase):
    def setUp(self):
        self.alice = User.objects.create_user("Alice@example.org", PASSWORD)

    def test_she_logs_in_in_another_case(self):
        sent = {"username": "ALICE@example.ORG", "password": PASSWORD}
        self.assertRedirects(
            self.client.post("/login/", sent), "/admin/", fetch_redirect_response=False
        )

    async def test_she_logs_in_in_another_case_in_an_async_view(self):
        user = await aauthenticate(username="ALICE@example.ORG", password=PASSWORD)
        self.assertEqual(user, self.alice)

    def test_a_wrong_password_is_refused(self):
        self.assertIsNone(authenticate(username="alice@example.org", password="wrong"))

    def test_the_form_rejects_the_address_in_another_case(self):
        sent = {"email": "alice@EXAMPLE.org", "password1": PASSWORD, "password2": PASSWORD}
        self.assertFalse(RegisterForm(sent).is_valid())

    def test_the_database_rejects_the_address_in_another_case(self):
        with self.assertRaisesMessage(IntegrityError, "unique_email_ignoring_case"):
            User.objects.create_user("alice@example.org")

    def test_the_index_serves_the_login(self):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = User.objects.filter(email__iexact="alice@example.org").explain()
        self.assertIn("unique_email_ignoring_case", plan)

    def test_createsuperuser_asks_for_no_username(self):
        call_command("createsuperuser", interactive=False, email="root@example.org", verbosity=0)
        self.assertTrue(User.objects.get(email="root@example.org").is_superuser)

    def test_staff_add_a_user(self):
        self.client.force_login(User.objects.create_superuser("staff@example.org"))
        sent = {"email": "bob@example.org", "usable_password": "true"}
        self.client.post(
            "/admin/accounts/user/add/", sent | {"password1": PASSWORD, "password2": PASSWORD}
        )
        self.assertTrue(User.objects.get(email="bob@example.org").check_password(PASSWORD))
