"""Which names of this machine a browser may ask for, and where it finds a port."""

import os
from urllib.parse import urlsplit

FOREIGN = "Ask for this site by the address that workbench serve prints.\n"


def is_local(host: str) -> bool:
    """Return whether the Host header of a request names this machine.

    Another name means that a page of some other site is asking, whose name was made to point here
    (DNS rebinding). The names are those that Django allows in development (Django docs,
    ALLOWED_HOSTS).
    """
    name = name_in(host)
    return name in ("127.0.0.1", "::1", "localhost") or name.endswith(".localhost")


def name_in(host: str) -> str:
    """Return the name in a Host header, without the port; "" if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def forwarded(port: int) -> str:
    """Return the name under which a codespace forwards the port to a browser; "" elsewhere.

    Source: GitHub docs, "Default environment variables for your codespace" and "Forwarding ports in
    your codespace".
    """
    if os.environ.get("CODESPACES") != "true":
        return ""
    name = os.environ.get("CODESPACE_NAME")
    domain = os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN")
    return f"{name}-{port}.{domain}".lower() if name and domain else ""


def address(port: int, path: str = "/") -> str:
    """Return the address of a page on the port, as a browser asks for it."""
    name = forwarded(port)
    return f"https://{name}{path}" if name else f"http://127.0.0.1:{port}{path}"
