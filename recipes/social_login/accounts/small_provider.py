"""A small OpenID Connect provider for the tests. It logs its only user in without a page."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

CLIENT_ID, SECRET = "workbench", "a secret of more than thirty-two bytes"


class SmallProvider(ThreadingHTTPServer):
    """Serves on a free port of this machine while a `with` block runs.

    claims: what the provider knows of its user, such as {"sub": "7", "birthdate": "2010-05-04"}.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.claims = {}
        self.requested = {}  # the parameters of each code that is not yet exchanged
        self.access_tokens = set()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *raised):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlsplit(self.path)
        if address.path == "/.well-known/openid-configuration":
            self.configuration()
        elif address.path == "/authorize":
            self.authorize(dict(parse_qsl(address.query)))
        elif address.path == "/userinfo":
            self.userinfo()
        else:
            self.answer(404, {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.token(dict(parse_qsl(body)))

    def configuration(self):
        url = self.server.url
        self.answer(
            200,
            {
                "issuer": url,
                "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token",
                "userinfo_endpoint": f"{url}/userinfo",
                "jwks_uri": f"{url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
        )

    def authorize(self, sent):
        """Log the user in, and send the browser back with a code."""
        code = secrets.token_urlsafe()
        self.server.requested[code] = sent
        back = urlencode({"code": code, "state": sent["state"]})
        self.send_response(302)
        self.send_header("Location", f"{sent['redirect_uri']}?{back}")
        self.end_headers()

    def token(self, sent):
        """Exchange a code for the tokens, once, and only with the client's secret and verifier."""
        requested = self.server.requested.pop(sent.get("code"), None)
        if requested is None or not is_right(requested, sent):
            return self.answer(400, {"error": "invalid_grant"})
        access_token = secrets.token_urlsafe()
        self.server.access_tokens.add(access_token)
        claims = {
            "iss": self.server.url,
            "aud": CLIENT_ID,
            "sub": self.server.claims["sub"],
            "exp": time.time() + 60,
        }
        self.answer(
            200,
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "id_token": jwt.encode(claims, SECRET, "HS256"),
            },
        )

    def userinfo(self):
        access_token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if access_token not in self.server.access_tokens:
            return self.answer(401, {})
        self.answer(200, self.server.claims)

    def answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *arguments):
        """Log nothing."""


def is_right(requested, sent):
    """Return whether the client that exchanges a code is the one that requested it (PKCE)."""
    digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return (
        sent.get("client_id") == requested["client_id"] == CLIENT_ID
        and sent.get("client_secret") == SECRET
        and sent.get("redirect_uri") == requested["redirect_uri"]
        and challenge == requested["code_challenge"]
    )
