from base import *  # your own settings

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework", "accounts"]
ROOT_URLCONF = "accounts.urls"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
