"""Which names of this machine a browser may ask for."""

from urllib.parse import urlsplit

FOREIGN = "Ask for this site by the address that workbench serve prints.\n"


def is_local(host: str) -> bool:
    """Return whether the Host header of a request names this machine.

    Another name means that a page of some other site is asking, whose name was made to point here
    (DNS rebinding). The names are those that Django allows in development (Django docs,
    ALLOWED_HOSTS).
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in ("127.0.0.1", "::1", "localhost") or name.endswith(".localhost")
