"""Forms full of nonsense, sent to the running sites: no site fails or stores what it should not."""

import http.client
import http.cookiejar
import urllib.parse
import urllib.request

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_serve import Token, log_in

from conftest import Tool, short_folder
from workbench.server.databases import DEMO
from workbench.variants import VARIANTS

# posts to each site: 10,000 in all, or a sample
ALL, SAMPLE = 2_500, 150

VALID = {
    "username": "bob",
    "email": "bob@example.org",
    "password1": "The dragon sleeps at 9",
    "password2": "The dragon sleeps at 9",
    "birthdate": "1990-02-03",
    "discord_id": "100000000000000001",
    "zoom_id": "1234567890",
}
NONSENSE = st.text(max_size=60) | st.sampled_from(
    ["", " ", "\0", "é" * 151, "x" * 300, "1899-12-31", "2999-01-01", "0000-00-00", "٣" * 18]
)
FORMS = st.fixed_dictionaries({}, optional=dict.fromkeys(VALID, NONSENSE)).map(VALID.__or__)
CHECK = """
from django.apps import apps
from django.contrib.auth import get_user_model
for model in {get_user_model(), *apps.get_app_config("players").get_models()}:
    for row in model._default_manager.all():
        row.full_clean()
print(get_user_model()._default_manager.count())
"""


@pytest.fixture(scope="module")
def fuzzed():
    """Sites with databases of their own."""
    with short_folder() as folder:
        running = Tool(folder).serve()
        yield running
        running.end()


@pytest.mark.parametrize("variant", VARIANTS)
def test_fuzzed_forms_end_in_no_error_and_store_only_valid_rows(fuzzed, variant, pytestconfig):
    page, jar = Token(), http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    logged_in = log_in(browser, fuzzed.url(variant, "/login/?next=/profile/"), "arannis")
    page.feed(logged_in.read().decode())
    cookies = {it.name: it.value for it in jar}
    connection = http.client.HTTPConnection("127.0.0.1", fuzzed.ports[variant], timeout=30)
    seen = set()

    @settings(
        max_examples=ALL if pytestconfig.getoption("all") else SAMPLE,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(FORMS, st.sampled_from(["/register/", "/profile/"]), st.integers(0, 10**6))
    def post(form, path, number):
        sent = cookies
        if path == "/register/":
            sent = {name: value for name, value in cookies.items() if "session" not in name}
            if form["username"] == VALID["username"]:
                form = form | {"username": f"bob{number}"}
        connection.request(
            "POST",
            path,
            urllib.parse.urlencode(form | {"csrfmiddlewaretoken": page.value}),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": "; ".join(f"{name}={value}" for name, value in sent.items()),
            },
        )
        response = connection.getresponse()
        response.read()
        seen.add((path, response.status))
        assert response.status in (200, 302, 405)

    post()
    connection.close()
    assert seen >= {("/register/", 200), ("/register/", 302)}
    checked = Tool(fuzzed.folder).run("manage", variant, "shell", "--no-imports", "-c", CHECK)
    assert checked.returncode == 0, checked.stderr
    assert int(checked.stdout) > len(DEMO)
