"""A codespace: its container, and the sites behind its forwarded ports."""

import copy
import http.client
import importlib.machinery
import importlib.util
import json
import re
import urllib.parse
from itertools import product

import jsonschema
import pytest

from workbench.notebook import jupyter
from workbench.paths import PROJECT
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


# The container

FOLDER = PROJECT / ".devcontainer"
CONTAINER = json.loads((FOLDER / "devcontainer.json").read_text(encoding="utf-8"))

TEXT = {"type": "string"}
AUTO_FORWARD = ["notify", "openBrowser", "openBrowserOnce", "openPreview", "silent", "ignore"]
PORT_ATTRIBUTES = {
    "type": "object",
    "properties": {"label": TEXT, "onAutoForward": {"enum": AUTO_FORWARD}},
    "additionalProperties": False,
}
# What the published schema says of the properties that are used here. Others are refused.
# Source: containers.dev, schemas/devContainer.base.schema.json.
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2019-09/schema",
    "type": "object",
    "required": ["build"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "build": {
            "type": "object",
            "required": ["dockerfile"],
            "additionalProperties": False,
            "properties": {"dockerfile": TEXT},
        },
        "remoteUser": TEXT,
        "postCreateCommand": TEXT,
        "hostRequirements": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "cpus": {"type": "integer", "minimum": 1},
                "memory": TEXT | {"pattern": "^\\d+([tgmk]b)?$"},
            },
        },
        "forwardPorts": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": 65535},
        },
        "portsAttributes": {"type": "object", "additionalProperties": PORT_ATTRIBUTES},
        "otherPortsAttributes": PORT_ATTRIBUTES,
        "customizations": {"type": "object"},
    },
}


def loaded(name, path):
    """A module from a file whatever its name is."""
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def test_the_container_is_described_as_the_schema_says():
    jsonschema.Draft201909Validator(SCHEMA).validate(CONTAINER)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("forwardPort", [8000]),
        ("build", {"dockerFile": "Dockerfile"}),
        ("forwardPorts", ["8000"]),
        ("portsAttributes", {"8000": {"onAutoForward": "open"}}),
        ("hostRequirements", {"memory": "4 GB"}),
    ],
)
def test_a_mistake_in_the_description_is_found(place, wrong):
    broken = copy.deepcopy(CONTAINER) | {place: wrong}
    assert not jsonschema.Draft201909Validator(SCHEMA).is_valid(broken)


def test_each_port_of_the_workbench_is_forwarded_and_named():
    wanted = ports.DEFAULTS | {"JupyterLab": jupyter.PORT}
    assert CONTAINER["forwardPorts"] == list(wanted.values())
    labels = {port: its["label"] for port, its in CONTAINER["portsAttributes"].items()}
    assert list(labels) == [str(port) for port in wanted.values()]
    for name, port in wanted.items():
        assert name == ports.INDEX or labels[str(port)] == name


def test_the_container_has_the_users_and_the_commands_that_its_description_names():
    steps = loaded("devcontainer_try", FOLDER / "try").instructions()
    assert CONTAINER["build"] == {"dockerfile": "Dockerfile"}
    assert {name for name, _ in steps} == {"FROM", "RUN", "USER"}
    assert steps[-1] == ("USER", CONTAINER["remoteUser"])
    installed = steps[1][1].split()
    assert {"chromium", "git", "make", "python3", "python3-venv"} <= set(installed)
    program, target = CONTAINER["postCreateCommand"].split()
    assert program == "make"
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv")
    assert f"READY := {target}\n" in makefile


# The sites behind its forwarded ports


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
