"""The page that links to the four sites, served from a thread."""

import http.server
import string
import threading
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.ports import HOST
from workbench.prepare import DEMO
from workbench.variants import SUMMARIES

TEMPLATE = Path(__file__).parent / "index.html"
SITE = '<li><a href="http://{host}:{port}/">{name}</a><br>{summary}</li>'


def page(ports: Mapping[str, int]) -> str:
    """The page's HTML; ports holds the port of each variant."""
    sites = [
        SITE.format(host=HOST, port=ports[name], name=name, summary=summary)
        for name, summary in SUMMARIES.items()
    ]
    template = string.Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(DEMO, sites="\n".join(sites))


def serve(port: int, html: str) -> http.server.ThreadingHTTPServer:
    """Serve the page at / on that port until the server's shutdown(); raises WorkbenchError."""
    try:
        server = http.server.ThreadingHTTPServer((HOST, port), _handler(html.encode()))
    except OSError as error:
        raise WorkbenchError(f"Port {port} cannot be used ({error.strerror}).") from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _handler(body: bytes) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Keep the terminal for what matters."""

    return Handler
