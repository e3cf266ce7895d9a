"""Passwords changed and forgotten, accounts deleted."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from players import roster

from suite.conftest import ALICE
from suite.outcomes import rows
from suite.plain.pages import errors
from suite.variant import PASSWORD, User, enrolled

NEW = "The dragon wakes at 7"


@pytest.fixture
def her_client(client):
    client.force_login(enrolled("alice", email="alice@example.org", **ALICE))
    return client


def can_log_in(client, password):
    return client.login(username="alice", password=password)


def test_a_player_changes_their_password_and_stays_logged_in(her_client):
    her_client.post(
        "/password/change/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )
    assert her_client.get("/").context["user"].is_authenticated
    assert "is in force" in her_client.get("/password/change/done/").content.decode()
    assert can_log_in(her_client, NEW)


def test_the_old_password_is_asked_for(her_client):
    response = her_client.post(
        "/password/change/", {"old_password": "x", "new_password1": NEW, "new_password2": NEW}
    )
    assert errors(response).keys() == {"old_password"}


def test_a_forgotten_password_is_reset_by_mail(her_client):
    her_client.post("/logout/")
    her_client.post("/password/reset/", {"email": "alice@example.org"})
    assert mail.outbox[0].subject == "A new password for the dungeon's roster"
    link = re.search(r"/password/reset/\S+", mail.outbox[0].body)[0]
    address = her_client.get(link).headers["Location"]
    response = her_client.post(address, {"new_password1": NEW, "new_password2": NEW}, follow=True)
    assert "You can log in with your new password now." in response.content.decode()
    assert can_log_in(her_client, NEW)


def test_a_reset_link_works_once(her_client):
    her_client.post("/password/reset/", {"email": "alice@example.org"})
    link = re.search(r"/password/reset/\S+", mail.outbox[0].body)[0]
    address = her_client.get(link).headers["Location"]
    her_client.post(address, {"new_password1": NEW, "new_password2": NEW})
    assert "Ask for a new one" in her_client.get(link, follow=True).content.decode()


def test_whether_an_address_has_an_account_is_not_told(her_client):
    her_client.post("/logout/")
    told = [
        her_client.post("/password/reset/", {"email": email}, follow=True).content
        for email in ("alice@example.org", "nobody@example.org")
    ]
    assert told[0] == told[1]
    assert len(mail.outbox) == 1


def test_a_player_deletes_their_account(her_client):
    session = her_client.session.session_key
    response = her_client.post("/profile/delete/", {"password": PASSWORD}, follow=True)
    assert "The account alice is deleted" in response.content.decode()
    assert not response.context["user"].is_authenticated
    assert roster.find("alice") is None
    assert not Session.objects.filter(session_key=session).exists()


def test_nothing_is_left_of_a_deleted_player(transactional_db, nobody_yet, her_client):
    her_client.post("/profile/delete/", {"password": PASSWORD})
    tables = rows(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name IN ('user_id', 'username')"
    )
    assert len(tables) >= 4
    assert [name for (name,) in tables if rows(f"SELECT 1 FROM {name}")] == []


def test_a_wrong_password_deletes_nothing(her_client):
    response = her_client.post("/profile/delete/", {"password": "x"})
    assert errors(response) == {"password": ["This is not your password."]}
    assert User.objects.filter(username="alice").exists()


def test_looking_at_the_page_deletes_nothing(her_client):
    assert "for good" in her_client.get("/profile/delete/").content.decode()
    assert User.objects.filter(username="alice").exists()


def test_an_unknown_address_is_a_page_too(client):
    response = client.get("/dungeon/")
    assert response.status_code == 404
    assert "no such room" in response.content.decode()
