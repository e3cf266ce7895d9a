from datetime import date
from http.client import HTTPConnection
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.test import TestCase, override_settings

from accounts.models import User
from accounts.small_provider import CLIENT_ID, SECRET, SmallProvider

ALICE = {
    "sub": "7",
    "preferred_username": "alice",
    "email": "alice@example.org",
    "email_verified": True,
}
BIRTHDATE = {"birthdate": "2010-05-04"}


def providers(url):
    """Return SOCIALACCOUNT_PROVIDERS with the provider at this address."""
    [app] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    app = {**app, "client_id": CLIENT_ID, "secret": SECRET, "settings": {"server_url": url}}
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


class SocialLoginTests(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.enterClassContext(SmallProvider())
        changed = override_settings(SOCIALACCOUNT_PROVIDERS=providers(cls.provider.url))
        cls.enterClassContext(changed)

    def log_in(self, **claims):
        """Log in as a browser does: to the provider, and back with its code."""
        self.provider.claims = {**ALICE, **claims}
        to_provider = self.client.post("/accounts/oidc/guild/login/").url
        return self.client.get(self.sent_back(to_provider))

    def sent_back(self, address):
        """Visit the provider, and return the address that it redirects to."""
        parts = urlsplit(address)
        self.assertEqual(f"{parts.scheme}://{parts.netloc}", self.provider.url)
        connection = HTTPConnection(parts.netloc)
        self.addCleanup(connection.close)
        connection.request("GET", f"{parts.path}?{parts.query}")
        return connection.getresponse().getheader("Location")

    def test_the_birthdate_of_the_provider_is_stored(self):
        back = self.log_in(**BIRTHDATE)
        self.assertRedirects(back, "/admin/", fetch_redirect_response=False)
        user = User.objects.get(username="alice")
        self.assertEqual(user.birthdate, date(2010, 5, 4))
        self.assertFalse(user.has_usable_password())
        self.assertEqual(self.client.session["_auth_user_id"], str(user.pk))

    def test_without_a_birthdate_the_sign_up_page_asks(self):
        back = self.log_in()
        self.assertRedirects(back, "/accounts/3rdparty/signup/")
        self.assertFalse(User.objects.exists())
        typed = {"username": "alice", "email": "alice@example.org", **BIRTHDATE}
        self.client.post(back.url, {**typed, "discord_id": "100000000000000001"})
        user = User.objects.get()
        self.assertEqual(user.birthdate, date(2010, 5, 4))
        self.assertEqual(user.discord_id, "100000000000000001")

    def test_a_year_is_not_a_birthdate(self):
        for sent in ["2010", "0000-05-04"]:
            with self.subTest(sent):
                back = self.log_in(birthdate=sent)
                self.assertRedirects(back, "/accounts/3rdparty/signup/")

    def test_a_later_login_changes_nothing(self):
        self.log_in(**BIRTHDATE)
        User.objects.update(birthdate=date(1999, 12, 31))
        self.client.logout()
        self.log_in(**BIRTHDATE)
        user = User.objects.get()
        self.assertEqual(user.birthdate, date(1999, 12, 31))
        self.assertEqual(self.client.session["_auth_user_id"], str(user.pk))

    def test_the_email_address_of_another_user_does_not_log_in(self):
        User.objects.create_user("first", "alice@example.org")
        back = self.log_in(**BIRTHDATE)
        self.assertNotIn("_auth_user_id", self.client.session)
        page = self.client.get(back.url)
        self.assertEqual(page.context["form"]["birthdate"].value(), date(2010, 5, 4))

    def test_a_code_without_our_state_is_refused(self):
        back = self.client.get("/accounts/oidc/guild/login/callback/?code=stolen&state=guessed")
        self.assertTemplateUsed(back, "socialaccount/authentication_error.html")
        self.assertFalse(SocialAccount.objects.exists())
