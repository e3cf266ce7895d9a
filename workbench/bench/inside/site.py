"""The subject's pages, asked by WSGI in this process, as a server would ask for them."""

import io
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from workbench.bench.inside.people import PASSWORD
from workbench.bench.subjects import Pages

# a token of CSRF in its plain form, as the cookie has it (django.middleware.csrf)
TOKEN = "t" * 32


class Site:
    """The pages; addresses and fields are as the subject's own forms call them."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.application = get_wsgi_application()

    def register(self, form: dict[str, Any]) -> str:
        """Send the registration; returns the key of the session that this begins."""
        fields = self.pages["fields"]
        sent = form | {"password1": PASSWORD, "password2": PASSWORD}
        return self.sent(self.pages["signup"], {fields[name]: sent[name] for name in fields})

    def log_in(self, username: str) -> str:
        """Log in; returns the key of the session."""
        fields = self.pages["login_fields"]
        form = {fields["username"]: username, fields["password"]: PASSWORD}
        return self.sent(self.pages["login"], form)

    def profile(self, session: str) -> bytes:
        """The page with one's details."""
        status, _, page = self.asked("GET", "/profile/", session=session)
        if not status.startswith("200"):
            raise ValueError(f"/profile/ answers {status}")
        return page

    def sent(self, path: str, form: dict[str, Any]) -> str:
        """Send a form that leads on when it is accepted; returns the key of the session."""
        status, cookies, _ = self.asked("POST", path, form)
        if not status.startswith("302") or settings.SESSION_COOKIE_NAME not in cookies:
            raise ValueError(f"{path} does not accept {form}: {status}")
        return str(cookies[settings.SESSION_COOKIE_NAME].value)

    def asked(
        self, method: str, path: str, form: dict[str, Any] | None = None, session: str = ""
    ) -> tuple[str, SimpleCookie, bytes]:
        """One request; returns its status line, its cookies and its body."""
        body = urlencode((form or {}) | {"csrfmiddlewaretoken": TOKEN}).encode()
        cookies = {settings.CSRF_COOKIE_NAME: TOKEN, settings.SESSION_COOKIE_NAME: session}
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "HTTP_HOST": "localhost",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "HTTP_COOKIE": "; ".join(f"{key}={value}" for key, value in cookies.items() if value),
        }
        setup_testing_defaults(environ)
        return self._answer(environ)

    def _answer(self, environ: dict[str, Any]) -> tuple[str, SimpleCookie, bytes]:
        said: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
            said.update(status=status, headers=headers)

        response: Any = self.application(environ, start)  # type: ignore[arg-type]
        page = b"".join(response)
        response.close()
        cookies = SimpleCookie()
        for key, value in said["headers"]:
            if key.lower() == "set-cookie":
                cookies.load(value)
        return said["status"], cookies, page
