"""The page that links to the four sites, and below it the built site, served from threads."""

import http.server
import json
import re
import string
import threading
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

from workbench import paths
from workbench.errors import WorkbenchError
from workbench.serve import hosts
from workbench.serve.ports import HOST
from workbench.server.databases import DEMO
from workbench.variants import COLOURS, SUMMARIES

HERE = Path(__file__).parent
LINK = '<li style="--own: light-dark({colours})"><a href="{address}">{name}</a><br>{summary}</li>'
# where the built site stands
BELOW = "/site/"
# what a page may load, besides the scripts that are written in it: nothing of another host. The
# playground's PostgreSQL is WebAssembly.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'; script-src 'self' 'wasm-unsafe-eval'"
)
INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def serve(port: int, ports: Mapping[str, int]) -> http.server.ThreadingHTTPServer:
    """Serve on that port until the server's shutdown(); ports holds the port of each variant.

    Raises WorkbenchError when the port cannot be used.
    """
    addresses = {name: hosts.address(ports[name]) for name in SUMMARIES}
    try:
        handler = _handler(addresses, hosts.forwarded(port))
        server = http.server.ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise WorkbenchError(f"Port {port} cannot be used ({error.strerror}).") from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def page(name: str, **filled: str) -> str:
    """The HTML of front_page.html or not_built.html."""
    return string.Template((HERE / name).read_text(encoding="utf-8")).substitute(filled)


def policy(html: bytes) -> str:
    """Return the Content Security Policy of a page, with the hashes of the scripts written in it.

    Source: W3C, Content Security Policy Level 3, 2.3.1 Source Lists (hash-source).
    """
    scripts = dict.fromkeys(INLINE_SCRIPT.findall(html))
    hashes = (b64encode(sha256(script).digest()).decode() for script in scripts)
    return " ".join([POLICY, *(f"'sha256-{it}'" for it in hashes)])


def _links(addresses: Mapping[str, str]) -> str:
    return "\n".join(
        LINK.format(
            address=address, name=name, summary=SUMMARIES[name], colours=", ".join(COLOURS[name])
        )
        for name, address in addresses.items()
    )


def _handler(addresses: Mapping[str, str], name: str) -> type[http.server.SimpleHTTPRequestHandler]:
    """The handler of all requests; the built site may come, go and change while it serves.

    name: under which a codespace forwards it, or "".
    """
    front = page("front_page.html", sites=_links(addresses), below=BELOW, **DEMO)
    running = json.dumps(dict(addresses))

    class Handler(http.server.SimpleHTTPRequestHandler):
        # what a machine says of these endings is not always so
        extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
            ".js": "text/javascript",
            ".wasm": "application/wasm",
        }

        # the Content Security Policy of the page that is being sent
        _policy = ""

        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(paths.SITE))

        def send_head(self) -> Any:
            host = self.headers.get("Host", "")
            if not hosts.is_local(host) and (not name or hosts.name_in(host) != name):
                return self._say(hosts.FOREIGN, HTTPStatus.BAD_REQUEST, "text/plain")
            path = self.path.partition("?")[0]
            if path == "/":
                return self._say(front)
            if path == f"{BELOW}running.json":
                return self._say(running, kind="application/json")
            if not f"{path}/".startswith(BELOW):
                self.send_error(HTTPStatus.NOT_FOUND)
                return None
            if not (paths.SITE / "index.html").exists():
                return self._say(page("not_built.html"), HTTPStatus.NOT_FOUND)
            file = Path(self.translate_path(self.path))
            file = file / "index.html" if file.is_dir() else file
            if file.suffix == ".html" and file.is_file():
                self._policy = policy(file.read_bytes())
            return super().send_head()

        def end_headers(self) -> None:
            if self._policy:
                self.send_header("Content-Security-Policy", self._policy)
            super().end_headers()

        def translate_path(self, path: str) -> str:
            return super().translate_path("/" + path.removeprefix(BELOW.rstrip("/")))

        def send_error(
            self, code: int, message: str | None = None, explain: str | None = None
        ) -> None:
            missing = paths.SITE / "404.html"
            if code == HTTPStatus.NOT_FOUND and self.path.startswith(BELOW) and missing.exists():
                self.wfile.write(self._head(missing.read_bytes(), code, "text/html"))
            else:
                super().send_error(code, message, explain)

        def _say(self, text: str, code: int = HTTPStatus.OK, kind: str = "text/html") -> BytesIO:
            return BytesIO(self._head(text.encode(), code, kind))

        def _head(self, body: bytes, code: int, kind: str) -> bytes:
            """Send the head; returns the body, or nothing where only the head was asked for."""
            self.send_response(code)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if kind == "text/html":
                self._policy = policy(body)
            self.end_headers()
            return b"" if self.command == "HEAD" else body

        def log_message(self, format: str, *args: object) -> None:
            """Keep the terminal for what matters."""

    return Handler
