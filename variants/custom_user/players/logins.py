"""When a login is written down."""

from django.contrib.auth.models import update_last_login


def note_login(sender, user, **kwargs):
    """Update last_login, as Django does, unless the INSERT of this request has said it already."""
    if not getattr(user, "just_registered", False):
        update_last_login(sender, user, **kwargs)
