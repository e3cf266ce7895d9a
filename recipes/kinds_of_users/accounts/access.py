from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied

from accounts.models import User


def game_master_required(view):
    """Let only game masters see a page. Other users get 403, visitors the login page."""

    @login_required
    def checked(request, *args, **kwargs):
        if request.user.kind != User.Kind.GAME_MASTER:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked
