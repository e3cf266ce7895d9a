"""What every page may show."""

from django.conf import settings


def project(request):
    """The name of this project's folder, so that a page says which one it belongs to."""
    return {"project": settings.BASE_DIR.name}
