"""The server of the page that links to the four sites, and of the built site below it."""

import json
import urllib.error
import urllib.request
from base64 import b64encode
from hashlib import sha256

import pytest

from conftest import free_ports
from workbench import paths
from workbench.serve import front_page
from workbench.variants import VARIANTS


@pytest.fixture
def address(tmp_path, monkeypatch):
    """Where a server runs whose built site would be in the folder `site` of tmp_path."""
    monkeypatch.setattr(paths, "SITE", tmp_path / "site")
    ports = free_ports()
    server = front_page.serve(ports["index"], ports)
    yield f"http://127.0.0.1:{ports['index']}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(address, tmp_path):
    """The address of the built site."""
    folder = tmp_path / "site"
    (folder / "choose").mkdir(parents=True)
    (folder / "index.html").write_text("home")
    (folder / "choose" / "index.html").write_text("choose")
    (folder / "404.html").write_text("lost")
    (folder / "postgres.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret").write_text("secret")
    return f"{address}/site"


def get(address):
    with urllib.request.urlopen(address) as response:
        return response.read().decode()


def refused(address):
    with pytest.raises(urllib.error.HTTPError) as raised:
        get(address)
    return raised.value.code, raised.value.read().decode()


def test_the_page_links_to_the_site_and_to_all_four(address):
    page = get(f"{address}/")
    assert 'href="/site/"' in page
    assert all(name in page for name in VARIANTS)


def test_what_is_not_built_says_how_to_build_it(address):
    code, page = refused(f"{address}/site/")
    assert code == 404
    assert "make site" in page


def test_a_site_built_meanwhile_is_served_at_once(address, site):
    assert get(f"{site}/") == "home"
    assert get(f"{site}/choose/?need=one-record") == "choose"


def test_the_sites_address_may_be_typed_without_its_slash(site):
    assert get(site) == "home"
    assert get(f"{site}/choose") == "choose"


def test_what_the_site_has_not_is_said_by_its_own_page(site):
    assert refused(f"{site}/nowhere/") == (404, "lost")


def test_nothing_outside_the_site_is_served(site):
    assert refused(f"{site}/../secret")[0] == 404
    assert refused(f"{site}/%2e%2e/secret")[0] == 404


def test_the_site_is_told_where_the_four_run(site):
    sites = json.loads(get(f"{site}/running.json"))
    assert list(sites) == list(VARIANTS)


def test_a_page_may_load_only_what_this_server_has_and_run_only_its_own_scripts(address, site):
    folder = paths.SITE / "own"
    folder.mkdir()
    (folder / "index.html").write_text("<script>alert(1)</script><script src='a.js'></script>")
    digest = b64encode(sha256(b"alert(1)").digest()).decode()
    for page, scripts in [
        (f"{site}/own/", f"script-src 'self' 'wasm-unsafe-eval' 'sha256-{digest}'"),
        (f"{site}/choose/", "script-src 'self' 'wasm-unsafe-eval'"),
        (f"{address}/", "script-src 'self' 'wasm-unsafe-eval'"),
    ]:
        with urllib.request.urlopen(page) as response:
            policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; ")
        assert policy.endswith(f"; {scripts}")


def test_webassembly_is_served_as_such(site):
    with urllib.request.urlopen(f"{site}/postgres.wasm") as response:
        assert response.headers["Content-Type"] == "application/wasm"
