"""Users who did not register: from createsuperuser, a shell or loaddata, or older than the app."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from players import roster

from suite.adminpages import page
from suite.conftest import ALICE
from suite.outcomes import rows
from suite.plain.pages import STORES_EXTRA_FIELDS
from suite.variant import PASSWORD, PlayerModel, User, enrolled

PAGES = ["/", "/profile/", "/profile/delete/", "/players/", "/password_change/"]


def created_by_createsuperuser(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command(
        "createsuperuser", "--noinput", "--username=gm", "--email=gm@x.org", stdout=StringIO()
    )


def created_in_a_shell(monkeypatch):
    User.objects.create_superuser("gm", "gm@x.org", PASSWORD)


def older_than_the_players_app(monkeypatch):
    """A user like an old row of the user table: no signal was sent, so there is no profile row."""
    gm = User(username="gm", email="gm@x.org", is_staff=True, is_superuser=True)
    gm.set_password(PASSWORD)
    User.objects.bulk_create([gm])


@pytest.mark.parametrize(
    "create", [created_by_createsuperuser, created_in_a_shell, older_than_the_players_app]
)
def test_they_log_in_open_every_page_and_edit_their_profile(client, monkeypatch, create):
    create(monkeypatch)
    client.post("/login/", {"username": "gm", "password": PASSWORD})
    gm = User.objects.get(username="gm")
    for address in [*PAGES, "/admin/", page("changelist"), page("change", gm.pk)]:
        assert client.get(address).status_code == 200, address
    saved = client.post("/profile/", {name: str(value) for name, value in ALICE.items()})
    assert saved.status_code == (302 if STORES_EXTRA_FIELDS else 405)
    stored = ALICE if STORES_EXTRA_FIELDS else {}
    assert roster.find("gm") == {"username": "gm", "email": "gm@x.org", **stored}


@pytest.mark.parametrize("order", [list, reversed])
def test_dumpdata_and_loaddata_restore_everything_in_any_order(transactional_db, tmp_path, order):
    enrolled("alice", email="alice@example.org", **ALICE)
    before = roster.page()
    dump = tmp_path / "dump.json"
    apps = ["auth", "players", "--exclude=auth.permission"]
    call_command("dumpdata", *apps, output=str(dump))
    objects = list(order(json.loads(dump.read_text())))
    dump.write_text(json.dumps(objects))
    call_command("flush", "--noinput", stdout=StringIO())
    assert roster.page() == []
    call_command("loaddata", str(dump), stdout=StringIO())
    assert roster.page() == before
    assert PlayerModel.objects.count() == 1


def test_every_model_has_its_migration():
    call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())


def test_the_system_checks_find_nothing():
    out = StringIO()
    call_command("check", databases=["default"], stdout=out)
    assert "no issues" in out.getvalue()


def test_show_urls_of_django_extensions_lists_the_pages(capsys):
    call_command("show_urls")
    assert "/register/" in capsys.readouterr().out


def test_shell_plus_of_django_extensions_knows_the_models(capsys):
    call_command(
        "shell_plus", "--quiet-load", "-c", f"print('found', {PlayerModel.__name__}.__module__)"
    )
    assert "found players.models" in capsys.readouterr().out


def test_the_username_index_comes_and_goes_with_its_migration(transactional_db):
    index = "SELECT 1 FROM pg_indexes WHERE indexname = 'unique_username_ignoring_case'"
    assert rows(index)
    call_command("migrate", "players", "0001", verbosity=0)
    gone = rows(index)
    call_command("migrate", "players", verbosity=0)
    assert gone == []
    assert rows(index)
