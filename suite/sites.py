"""A copy of the variant in which third-party packages are installed, in a process of its own.

Ask for the fixture `site`. site.ask(function) calls a function of a question's module in there.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from suite.evidence import evidence

ROOT = Path(__file__).parents[1]

PACKAGES = """
INSTALLED_APPS += ["allauth", "allauth.account", "allauth.socialaccount", "debug_toolbar",
                   "dj_rest_auth", "django_registration", "djoser", "guardian", "rest_framework",
                   "simple_history", "social_django"]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware",
               "debug_toolbar.middleware.DebugToolbarMiddleware",
               "simple_history.middleware.HistoryRequestMiddleware"]
AUTHENTICATION_BACKENDS = globals().get(
    "AUTHENTICATION_BACKENDS", ["django.contrib.auth.backends.ModelBackend"]
) + ["guardian.backends.ObjectPermissionBackend",
     "allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": lambda request: False}
DJOSER = {"TOKEN_MODEL": None}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_AUTH = {"TOKEN_MODEL": None}
"""
ADDRESSES = """
urlpatterns += [
    path("accounts/", include("allauth.urls")),
    path("dj-rest-auth/registration/", include("dj_rest_auth.registration.urls")),
    path("djoser/", include("djoser.urls")),
    path("registration/", include("django_registration.backends.one_step.urls")),
    path("social/", include("social_django.urls")),
    path("__debug__/", include("debug_toolbar.urls")),
]
"""
HISTORY = """
import simple_history
from django.contrib.auth import get_user_model
simple_history.register(get_user_model(), app="players")
"""
# What runs in the site's process: a function's name comes in, its answer and evidence go out.
ASKED = """
import json, sys
from importlib import import_module
out, sys.stdout = sys.stdout, sys.stderr
import django
django.setup()
from django.core.management import call_command
from django.db import transaction
from django.test.utils import setup_test_environment
call_command("makemigrations", "players", verbosity=0)
call_command("migrate", verbosity=0)
setup_test_environment()
from suite.evidence import evidence
for line in sys.stdin:
    module, function = line.split()
    answer = error = None
    with evidence.being_kept(), transaction.atomic():
        try:
            answer = getattr(import_module(module), function)()
        except Exception as raised:
            error = type(raised).__name__, str(raised)
        transaction.set_rollback(True)
    print(json.dumps([answer, error, evidence.kept]), file=out, flush=True)
"""


class Site:
    """The process. The packages' tables are in the copy's database."""

    def __init__(self, project):
        project.make_database()
        project.add("config/settings.py", PACKAGES)
        project.add("config/urls.py", ADDRESSES)
        project.add("players/models.py", HISTORY)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", ASKED],
            cwd=project.folder,
            env={
                **os.environ,
                "PYTHONPATH": f"{project.folder}{os.pathsep}{ROOT}",
                "DJANGO_SETTINGS_MODULE": "config.settings",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, function):
        """Call the function in there, in a transaction that is undone; return its answer.

        Raises an exception with the name and the words of the one that the function raises.
        """
        self.process.stdin.write(f"{function.__module__} {function.__name__}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read())
        answer, error, kept = json.loads(line)
        for kind, text in kept:
            evidence.add(kind, text)
        if error:
            name, text = error
            raise type(name, (Exception,), {})(text)
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()
