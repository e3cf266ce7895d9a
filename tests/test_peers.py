"""The registrations beside which the variants are measured do the same as the variants."""

import json
import subprocess
import sys

import pytest

from workbench.bench.subjects import peers
from workbench.paths import PROJECT
from workbench.server import databases, postgres
from workbench.server.processes import environment_of
from workbench.try_.command import PLAYER
from workbench.variants import EXTRA_FIELDS

PEERS = peers()

# for each line on its input, a list of requests (path, form): each one's status, errors and user
VISITORS = """
import json, sys
import django
django.setup()
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()

def visited(path, form):
    client = Client()
    answer = client.post(path, form)
    errors = answer.context["form"].errors if answer.status_code == 200 else {}
    user = client.session.get("_auth_user_id")
    return {"status": answer.status_code, "errors": errors, "user": user}

for line in sys.stdin:
    print(json.dumps([visited(*request) for request in json.loads(line)]), flush=True)
"""


class Site:
    """A peer on a migrated database of its own."""

    def __init__(self, peer, server):
        self.peer, self.server = peer, server
        databases.ensure(server, peer.name)
        assert self.manage("migrate", "--verbosity", "0").returncode == 0

        self.visitors = subprocess.Popen(
            [sys.executable, "-c", VISITORS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=peer.folder,
            env=environment_of(peer.folder, server),
        )

    def manage(self, *arguments):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.peer.folder,
            env=environment_of(self.peer.folder, self.server),
            capture_output=True,
            text=True,
            check=False,
        )

    def visited(self, *requests):
        """Each by a visitor of their own."""
        print(json.dumps(requests), file=self.visitors.stdin, flush=True)
        return json.loads(self.visitors.stdout.readline())

    def signup(self, username, **details):
        return self.form("signup", "fields", PLAYER | {"username": username} | details)

    def login(self, username, password):
        return self.form("login", "login_fields", {"username": username, "password": password})

    def form(self, page, fields, ours):
        """The page's address, and what is sent there under the peer's names."""
        theirs = self.peer.pages[fields]
        return self.peer.pages[page], {theirs[name]: value for name, value in ours.items()}

    def rows(self, sql, *values):
        with postgres.connect(self.server, self.peer.name) as connection:
            return connection.execute(sql, values).fetchall()

    def player(self, username):
        sql = f"SELECT id, email, {', '.join(EXTRA_FIELDS)} FROM players_user WHERE username = %s"
        return self.rows(sql, username)


@pytest.fixture(scope="module", params=PEERS, ids=[peer.name for peer in PEERS])
def site(request, server):
    site = Site(request.param, server)
    yield site
    site.visitors.communicate()


def test_a_player_is_registered_with_their_extras_and_logged_in(site):
    [answer] = site.visited(site.signup("tasha"))
    assert (answer["status"], answer["errors"]) == (302, {})
    [(pk, email, *extras)] = site.player("tasha")
    assert answer["user"] == str(pk)
    assert email == PLAYER["email"]
    assert [str(extra) for extra in extras] == [PLAYER[name] for name in EXTRA_FIELDS]


def test_who_has_registered_may_log_in(site):
    signup = site.signup("ulder", email="ulder@example.com")
    wrong, right = site.login("ulder", "wrong"), site.login("ulder", PLAYER["password1"])
    _, refused, let_in = site.visited(signup, wrong, right)
    [(pk, *_)] = site.player("ulder")
    assert (refused["status"], refused["user"]) == (200, None)
    assert (let_in["status"], let_in["user"]) == (302, str(pk))


@pytest.mark.parametrize("again", ["vajra", "Vajra"])
def test_a_taken_username_is_refused_whatever_its_case(site, again):
    first = site.signup("vajra", email="vajra@example.com")
    _, answer = site.visited(first, site.signup(again, email="other@example.com"))
    assert answer["status"] == 200
    assert list(answer["errors"]) == ["username"]
    assert len(site.rows("SELECT FROM players_user WHERE upper(username) = 'VAJRA'")) == 1


def test_extras_left_blank_are_null(site):
    blank = dict.fromkeys(EXTRA_FIELDS, "")
    site.visited(site.signup("wulfgar", email="wulfgar@example.com", **blank))
    [(_, _, *extras)] = site.player("wulfgar")
    assert extras == [None, None, None]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birthdate", "2999-01-01"),
        ("birthdate", "1899-12-31"),
        ("discord_id", "1234"),
        ("zoom_id", "not a number"),
    ],
)
def test_an_extra_of_a_wrong_form_is_refused(site, field, value):
    form = site.signup("xanathar", email="xanathar@example.com", **{field: value})
    [answer] = site.visited(form)
    assert (answer["status"], list(answer["errors"])) == (200, [field])
    assert site.player("xanathar") == []


def test_it_has_the_variants_index(site):
    [(definition,)] = site.rows(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'unique_username_ignoring_case'"
    )
    assert definition.startswith("CREATE UNIQUE INDEX")
    assert definition.endswith("(upper((username)::text))")


def test_it_has_the_variants_hashers_and_password_validators(site):
    sources = [
        (folder / "config" / "settings.py").read_text()
        for folder in (site.peer.folder, PROJECT / "variants" / "custom_user")
    ]
    for setting in ("PASSWORD_HASHERS", "AUTH_PASSWORD_VALIDATORS"):
        mine, theirs = (source.split(f"{setting} = ")[1].split("\n]")[0] for source in sources)
        assert mine == theirs


def test_it_has_nothing_to_migrate_and_nothing_to_complain_of(site):
    for command in (["makemigrations", "--check"], ["migrate", "--check"], ["check"]):
        done = site.manage(*command)
        assert done.returncode == 0, done
