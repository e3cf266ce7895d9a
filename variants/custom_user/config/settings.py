"""Settings for development and, with DJANGO_SECRET_KEY in the environment, for production.

In development nothing has to be configured. In production these variables are read:

    DJANGO_SECRET_KEY       50 random characters or more; setting it means production
    DJANGO_ALLOWED_HOSTS    the site's host names, separated by commas
    DJANGO_BEHIND_PROXY     1 if a proxy handles TLS and sends X-Forwarded-Proto
    DJANGO_EMAIL_HOST       the SMTP server (localhost), and with it
    DJANGO_EMAIL_PORT       its port (25)
    DJANGO_EMAIL_USER       the user name and
    DJANGO_EMAIL_PASSWORD   the password to log in with (none)
    DJANGO_EMAIL_TLS        1 if the server expects STARTTLS, as on port 587
    DJANGO_EMAIL_FROM       the sender of password reset mails (webmaster@localhost)

PostgreSQL is found through libpq's variables: PGHOST, PGPORT, PGUSER, PGPASSWORD.
"""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


def is_on(name):
    """Return whether an environment variable is set, and not to 0, false, no or off."""
    return os.environ.get(name, "").strip().lower() not in {"", "0", "false", "no", "off"}


PRODUCTION = "DJANGO_SECRET_KEY" in os.environ
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "django-insecure-for-development-only")
DEBUG = not PRODUCTION
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "").replace(",", " ").split()

INSTALLED_APPS = [
    "players",  # before the admin, so that our templates in registration/ are found first
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_extensions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.require_utf8",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# The database has the name of this folder.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": BASE_DIR.name,
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "players.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

# Cookies ignore ports. With names of their own, several projects can run on one machine.
SESSION_COOKIE_NAME = f"{BASE_DIR.name}_sessionid"
CSRF_COOKIE_NAME = f"{BASE_DIR.name}_csrftoken"

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"

# Django 6.1 renames these settings to MAILERS. The old names work there, with a warning.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

if PRODUCTION:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = os.environ.get("DJANGO_EMAIL_HOST", "localhost")
    EMAIL_PORT = int(os.environ.get("DJANGO_EMAIL_PORT", "25"))
    EMAIL_HOST_USER = os.environ.get("DJANGO_EMAIL_USER", "")
    EMAIL_HOST_PASSWORD = os.environ.get("DJANGO_EMAIL_PASSWORD", "")
    EMAIL_USE_TLS = is_on("DJANGO_EMAIL_TLS")
    EMAIL_TIMEOUT = 5  # seconds; a visitor waits for the mail server
    DEFAULT_FROM_EMAIL = os.environ.get("DJANGO_EMAIL_FROM", "webmaster@localhost")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 3600  # one hour; raise it when the site works over HTTPS
    # A new project cannot promise HTTPS for all subdomains or for ever (preload).
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    if is_on("DJANGO_BEHIND_PROXY"):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
