"""Serve a variant's site for `workbench serve`, and keep overload and outages inside it.

    python workbench/serve/inside/site.py 127.0.0.1:8003
    python workbench/serve/inside/site.py 127.0.0.1:8003 octocat-8003.app.github.dev

The second argument is the name under which a codespace forwards the port. The environment names the
settings and the server. WORKBENCH_ABOUT is the address of the page about the approach, and
WORKBENCH_COLOURS its colours on light and on dark ground: the variant's own pages get both.

waitress reads a request whole before it takes up a thread, so slow clients hold none. At most ROOM
requests at a time use PostgreSQL. A visitor who finds no room within PATIENCE seconds, or whose
request PostgreSQL cannot answer, gets 503 and is told when to try again (RFC 9110, 10.2.3
Retry-After).
"""

import os
import sys
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import waitress  # type: ignore[import-untyped]
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.signals import got_request_exception
from django.core.wsgi import get_wsgi_application
from django.db import InterfaceError, OperationalError

from workbench.serve.hosts import FOREIGN, is_local, name_in

# requests that use PostgreSQL at once: four sites stay far below its 100 connections
ROOM = 8
# seconds that a request waits for room
PATIENCE = 1
# so many threads hold requests that wait for room or are being refused
THREADS = 32
# connections of visitors, idle ones included: many systems allow a process 1024 files
CONNECTIONS = 900
# seconds after which an idle connection is closed
IDLE = 30
LARGEST_REQUEST = 10 * 2**20  # bytes

Environ = dict[str, Any]
Respond = Callable[..., Any]
Application = Callable[[Environ, Respond], Iterable[bytes]]

BUSY = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Please try again</title>
<h1>Please try again in a few seconds</h1>
<p>This site is busy, or its PostgreSQL is starting again.
  If you sent a form, look whether it was stored before you send it once more.</p>
"""


# the style sheet of the variant's own pages, which Django's admin has not
OWN = b"players/players.css"
COLOURED = """<style>
:root:not([data-theme]) {{
  --pico-primary: light-dark({light}, {dark});
  --pico-primary-background: {light};
  --pico-primary-hover: color-mix(in srgb, var(--pico-primary), var(--pico-color) 50%);
  --pico-primary-hover-background: color-mix(in srgb, {light}, #000 30%);
  --pico-primary-focus: light-dark({light}80, {dark}80);
}}
</style>
</head>"""
LINKED = """ <a href="{about}">What it costs, and how to choose</a></small></footer>"""


class Site:
    """A WSGI application around Django's, whose pages get a link and colours."""

    def __init__(self, application: Application, about: str, light: str, dark: str) -> None:
        self._application = application
        self._added = {
            b"</head>": COLOURED.format(light=light, dark=dark).encode(),
            b"</small></footer>": LINKED.format(about=about).encode(),
        }
        self._room = threading.BoundedSemaphore(ROOM)
        self._request = threading.local()
        got_request_exception.connect(self._note)

    def __call__(self, environ: Environ, respond: Respond) -> Iterable[bytes]:
        """Answer a request; log its method, path and status."""
        if not self._room.acquire(timeout=PATIENCE):
            return _say(environ, respond, HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
        try:
            self._request.failed = False
            return self._answer(environ, respond)
        finally:
            self._room.release()

    def _answer(self, environ: Environ, respond: Respond) -> Iterable[bytes]:
        head: list[Any] = []
        response = self._application(environ, lambda *its: head.extend(its))
        try:
            body = b"".join(response)
        finally:
            response.close()  # type: ignore[attr-defined]  # Django then closes its connection
        if self._request.failed:
            return _say(environ, respond, HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
        if OWN in body:
            for end, added in self._added.items():
                body = body.replace(end, added)
            head[1] = [it for it in head[1] if it[0] != "Content-Length"]
            head[1].append(("Content-Length", str(len(body))))
        _log(environ, head[0])
        respond(*head)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _note(self, **_: Any) -> None:
        """Django has made a page of this error: note whether it says that PostgreSQL cannot now."""
        self._request.failed = isinstance(sys.exception(), (OperationalError, InterfaceError))


def for_this_machine(application: Application) -> Application:
    """Return the application behind a check of the Host header."""

    def checked(environ: Environ, respond: Respond) -> Iterable[bytes]:
        if not is_local(environ.get("HTTP_HOST", "")):
            return _say(environ, respond, HTTPStatus.BAD_REQUEST, FOREIGN, "text/plain")
        return application(environ, respond)

    return checked


def forwarded(application: Application, port: str, name: str) -> Application:
    """Return the application for requests that a codespace forwards under that name.

    Forwarding may replace the name by localhost in Host and Origin, in one of them or in none. Here
    it is replaced in both, so that Django's check of the Origin passes for this name and no other.
    """

    def told(environ: Environ, respond: Respond) -> Iterable[bytes]:
        if name_in(environ.get("HTTP_HOST", "")) == name:
            environ["HTTP_HOST"] = f"localhost:{port}"
        if environ.get("HTTP_ORIGIN") == f"https://{name}":
            environ["HTTP_ORIGIN"] = f"http://localhost:{port}"
        return application(environ, respond)

    return told


def _say(
    environ: Environ, respond: Respond, status: HTTPStatus, text: str, kind: str = "text/html"
) -> Iterable[bytes]:
    body = text.encode()
    headers = [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body)))]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers += [("Retry-After", "3"), ("Cache-Control", "no-store")]
    line = f"{status.value} {status.phrase}"
    _log(environ, line)
    respond(line, headers)
    return [body]


def _log(environ: Environ, status: str) -> None:
    print(environ["REQUEST_METHOD"], environ["PATH_INFO"], status)


def main() -> None:
    """Serve on the address that the command line names."""
    address, *names = sys.argv[1:]
    # its type asks for more than it does: it calls any WSGI application
    about, colours = os.environ["WORKBENCH_ABOUT"], os.environ["WORKBENCH_COLOURS"].split()
    site = Site(get_wsgi_application(), about, *colours)
    application = for_this_machine(StaticFilesHandler(site))  # type: ignore[arg-type]
    for name in names:
        application = forwarded(application, address.rpartition(":")[2], name)
    waitress.serve(
        application,
        listen=address,
        threads=THREADS,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE,
        max_request_body_size=LARGEST_REQUEST,
        asyncore_use_poll=True,
        ident=None,
    )


if __name__ == "__main__":
    main()
