from base import *  # your own settings

INSTALLED_APPS = [*INSTALLED_APPS, "allauth", "allauth.account", "accounts"]
MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ROOT_URLCONF = "accounts.urls"
AUTH_USER_MODEL = "accounts.User"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.ExtraFieldsForm"
ACCOUNT_EMAIL_VERIFICATION = "none"
LOGIN_REDIRECT_URL = "/admin/"
