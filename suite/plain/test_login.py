"""Logging in and out."""

import pytest

from suite.plain.pages import BOB
from suite.variant import PASSWORD, User


def log_in(client, username="alice", password=PASSWORD, **more):
    return client.post("/login/", {"username": username, "password": password, **more})


def test_a_user_logs_in(client, alice):
    assert log_in(client).headers["Location"] == "/"
    assert "Welcome, alice" in client.get("/").content.decode()


def test_a_registered_user_can_log_in_later(client):
    client.post("/register/", BOB)
    client.post("/logout/")
    assert log_in(client, "bob").status_code == 302


def test_each_login_sets_last_login(client):
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


def test_a_deactivated_user_cannot_log_in(client, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert log_in(client).status_code == 200


def test_a_deactivated_user_is_logged_out(client, alice):
    client.force_login(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not client.get("/").context["user"].is_authenticated


def test_a_user_logs_out(client, alice):
    client.force_login(alice)
    assert client.post("/logout/").headers["Location"] == "/"
    assert not client.get("/").context["user"].is_authenticated


def test_a_link_cannot_log_a_user_out(client, alice):
    client.force_login(alice)
    assert client.get("/logout/").status_code == 405
    assert client.get("/").context["user"].is_authenticated


@pytest.mark.parametrize("page", ["/profile/", "/profile/delete/", "/password_change/"])
def test_a_visitor_is_sent_to_the_login_and_then_back(client, alice, page):
    assert client.get(page).headers["Location"] == f"/login/?next={page}"
    shown = client.get(f"/login/?next={page}").content.decode()
    assert f'name="next" value="{page}"' in shown
    assert log_in(client, next=page).headers["Location"] == page


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"],
)
def test_next_never_leads_to_another_site(client, alice, elsewhere):
    assert log_in(client, next=elsewhere).headers["Location"] == "/"


def test_a_new_session_is_made_at_login(client, alice):
    """The session key that a visitor sends is not the key of the session after the login."""
    session = client.session
    session["visits"] = 1
    session.save()
    sent = session.session_key
    log_in(client)
    assert client.session.session_key != sent
    assert client.session["visits"] == 1
