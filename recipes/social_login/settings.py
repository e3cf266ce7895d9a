import os

from base import *

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "accounts",
]
MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ROOT_URLCONF = "accounts.urls"
AUTH_USER_MODEL = "accounts.User"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.ExtraFieldsForm"
ACCOUNT_EMAIL_VERIFICATION = "none"
LOGIN_REDIRECT_URL = "/admin/"
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "guild",
                "name": "The Guild",
                "client_id": os.environ.get("GUILD_CLIENT_ID", ""),
                "secret": os.environ.get("GUILD_SECRET", ""),
                "settings": {"server_url": "https://login.guild.example"},
            },
        ],
    },
}
