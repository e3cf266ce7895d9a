"""Logging in and out."""

from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError

from suite.plain.pages import BOB
from suite.variant import PASSWORD, User


def log_in(client, username="alice", password=PASSWORD, **more):
    return client.post("/login/", {"username": username, "password": password, **more})


def test_a_player_logs_in(client, alice):
    assert log_in(client).headers["Location"] == "/"
    assert "Well met, alice" in client.get("/").content.decode()


def test_who_registered_can_log_in_later(client):
    client.post("/register/", BOB)
    client.post("/logout/")
    assert log_in(client, "bob").status_code == 302


def test_each_login_after_the_registration_is_written_down(client):
    client.post("/register/", BOB)
    registered = User.objects.get(username="bob").last_login
    client.post("/logout/")
    log_in(client, "bob")
    assert User.objects.get(username="bob").last_login > registered


@pytest.mark.parametrize(("username", "password"), [("alice", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_login_does_not_say_which_part_is_wrong(client, alice, username, password):
    response = log_in(client, username, password)
    assert "enter a correct username and password" in response.content.decode()
    assert response.context["form"]["username"].value() == username


def test_a_deactivated_player_cannot_log_in(client, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert log_in(client).status_code == 200


def test_a_deactivated_player_is_logged_out(client, alice):
    client.force_login(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not client.get("/").context["user"].is_authenticated


def test_a_player_logs_out(client, alice):
    client.force_login(alice)
    assert client.post("/logout/").headers["Location"] == "/"
    assert not client.get("/").context["user"].is_authenticated


def test_a_link_cannot_log_a_player_out(client, alice):
    client.force_login(alice)
    assert client.get("/logout/").status_code == 405
    assert client.get("/").context["user"].is_authenticated


@pytest.mark.parametrize("page", ["/profile/", "/profile/delete/", "/password/change/"])
def test_a_visitor_is_sent_to_the_login_and_then_back(client, alice, page):
    assert client.get(page).headers["Location"] == f"/login/?next={page}"
    shown = client.get(f"/login/?next={page}").content.decode()
    assert f'name="next" value="{page}"' in shown
    assert log_in(client, next=page).headers["Location"] == page


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"],
)
def test_next_leads_nowhere_else(client, alice, elsewhere):
    assert log_in(client, next=elsewhere).headers["Location"] == "/"


def test_who_is_logged_in_need_not_log_in(client, alice):
    client.force_login(alice)
    assert client.get("/login/").headers["Location"] == "/"


def test_a_new_session_is_made_at_login(client, alice):
    """A session that a visitor brings with them is not the one that they are logged in with."""
    session = client.session
    session["visits"] = 1
    session.save()
    brought = session.session_key
    log_in(client)
    assert client.session.session_key != brought
    assert client.session["visits"] == 1


def test_a_session_key_that_is_taken_is_left_to_its_owner(transactional_db, monkeypatch):
    store = import_module(settings.SESSION_ENGINE).SessionStore
    first = store()
    first["player"] = "alice"
    first.save()
    keys = iter([first.session_key, "b" * 32])
    monkeypatch.setattr(store, "_get_new_session_key", lambda self: next(keys))
    second = store()
    second["player"] = "bob"
    second.save()
    assert second.session_key == "b" * 32
    assert store(first.session_key)["player"] == "alice"
    assert store(second.session_key)["player"] == "bob"


def test_a_session_that_was_ended_elsewhere_is_not_stored_again(transactional_db):
    store = import_module(settings.SESSION_ENGINE).SessionStore
    here = store()
    here["player"] = "alice"
    here.save()
    store(here.session_key).delete()
    with pytest.raises(UpdateError):
        here.save()
