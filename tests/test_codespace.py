"""A codespace: its container, and the sites behind its forwarded ports."""

import http.client
import json
import re
import urllib.parse
from itertools import product

import pytest

from workbench.serve import hosts, ports
from workbench.server.databases import DEMO
from workbench.variants import VARIANTS

NAME = "octocat-literate-space-parakeet-mld5"
CODESPACE = {
    "CODESPACES": "true",
    "CODESPACE_NAME": NAME,
    "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev",
}
VARIANT = "custom_user"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture(scope="module")
def inside(set_up):
    """The four sites, served in a codespace."""
    sites = set_up.serve(**CODESPACE)
    yield sites
    sites.end()


def ask(port, host, method="GET", path="/", form=None, **headers):
    """What a request that was forwarded under that Host gets: (response, text)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = urllib.parse.urlencode(form) if form else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    connection.request(method, path, body, {"Host": host} | kind | headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


def log_in(port, host, origin):
    """The status of a login that a browser sends from its form."""
    response, page = ask(port, host, path="/login/")
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    form = {
        "username": "arannis",
        "password": DEMO["password"],
        "csrfmiddlewaretoken": TOKEN.search(page)[1],
    }
    answered, _ = ask(port, host, "POST", "/login/", form, Cookie=cookie, Origin=origin)
    return answered.status, answered.headers["Location"]


def names(port):
    """The name under which the port is forwarded, and what forwarding may replace it by."""
    return f"{NAME}-{port}.app.github.dev", f"localhost:{port}"


@pytest.mark.parametrize("replaced", list(product([False, True], repeat=2)), ids=str)
def test_a_form_can_be_sent_however_the_headers_are_forwarded(inside, replaced):
    """Host and Origin name the codespace, or localhost where forwarding has replaced them."""
    port = inside.ports[VARIANT]
    name, local = names(port)
    host = local if replaced[0] else name
    origin = f"http://{local}" if replaced[1] else f"https://{name}"
    assert log_in(port, host, origin) == (302, "/")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost:1", f"https://{NAME}-1.app.github.dev", "null"],
)
def test_another_site_cannot_send_a_form(inside, origin):
    port = inside.ports[VARIANT]
    for host in names(port):
        assert log_in(port, host, origin)[0] == 403


@pytest.mark.parametrize("name", [ports.INDEX, *VARIANTS])
@pytest.mark.parametrize(
    "host",
    ["evil.example", "octocat-8000.app.github.dev", f"{NAME}-1.app.github.dev", f"{NAME}.evil"],
)
def test_no_other_name_gets_anything(inside, name, host):
    response, text = ask(inside.ports[name], host)
    assert (response.status, text) == (400, hosts.FOREIGN)


def test_the_first_page_links_to_the_forwarded_sites(inside):
    name, _ = names(inside.ports[ports.INDEX])
    assert f"https://{name}/" in inside.said
    _, page = ask(inside.ports[ports.INDEX], name)
    _, running = ask(inside.ports[ports.INDEX], name, path="/site/running.json")
    addresses = {variant: f"https://{names(inside.ports[variant])[0]}/" for variant in VARIANTS}
    assert json.loads(running) == addresses
    assert all(f'href="{address}"' in page for address in addresses.values())


def test_outside_a_codespace_its_names_are_foreign(sites):
    for name in (ports.INDEX, VARIANT):
        response, _ = ask(sites.ports[name], names(sites.ports[name])[0])
        assert response.status == 400
