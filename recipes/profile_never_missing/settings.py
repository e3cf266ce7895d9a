from base import *  # your own settings

INSTALLED_APPS = [*INSTALLED_APPS, "accounts"]
