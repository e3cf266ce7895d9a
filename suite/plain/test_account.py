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
def alices_client(client):
    client.force_login(enrolled("alice", email="alice@example.org", **ALICE))
    return client


def can_log_in(client, password):
    return client.login(username="alice", password=password)


def test_a_user_changes_their_password_and_stays_logged_in(alices_client):
    alices_client.post(
        "/password_change/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )
    assert alices_client.get("/").context["user"].is_authenticated
    assert (
        "Your new password is valid from now on."
        in alices_client.get("/password_change/done/").content.decode()
    )
    assert can_log_in(alices_client, NEW)


def test_the_old_password_is_needed(alices_client):
    response = alices_client.post(
        "/password_change/", {"old_password": "x", "new_password1": NEW, "new_password2": NEW}
    )
    assert errors(response).keys() == {"old_password"}


def test_a_forgotten_password_is_reset_by_mail(alices_client):
    alices_client.post("/logout/")
    alices_client.post("/password_reset/", {"email": "alice@example.org"})
    assert mail.outbox[0].subject == "A new password for the dungeon roster"
    link = re.search(r"/reset/\S+", mail.outbox[0].body)[0]
    address = alices_client.get(link).headers["Location"]
    response = alices_client.post(
        address, {"new_password1": NEW, "new_password2": NEW}, follow=True
    )
    assert "Password set" in response.content.decode()
    assert can_log_in(alices_client, NEW)


def test_a_reset_link_works_once(alices_client):
    alices_client.post("/password_reset/", {"email": "alice@example.org"})
    link = re.search(r"/reset/\S+", mail.outbox[0].body)[0]
    address = alices_client.get(link).headers["Location"]
    alices_client.post(address, {"new_password1": NEW, "new_password2": NEW})
    assert "Ask for a new one" in alices_client.get(link, follow=True).content.decode()


def test_the_reset_page_does_not_tell_whether_an_address_has_an_account(alices_client):
    alices_client.post("/logout/")
    told = [
        alices_client.post("/password_reset/", {"email": email}, follow=True).content
        for email in ("alice@example.org", "nobody@example.org")
    ]
    assert told[0] == told[1]
    assert len(mail.outbox) == 1


def test_a_user_deletes_their_account(alices_client):
    session = alices_client.session.session_key
    response = alices_client.post("/profile/delete/", {"password": PASSWORD}, follow=True)
    assert "The account alice and its profile are deleted." in response.content.decode()
    assert not response.context["user"].is_authenticated
    assert roster.find("alice") is None
    assert not Session.objects.filter(session_key=session).exists()


def test_no_row_is_left_of_a_deleted_user(transactional_db, nobody_yet, alices_client):
    alices_client.post("/profile/delete/", {"password": PASSWORD})
    tables = rows(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name IN ('user_id', 'username')"
    )
    assert len(tables) >= 4
    assert [name for (name,) in tables if rows(f"SELECT 1 FROM {name}")] == []


def test_a_wrong_password_deletes_nothing(alices_client):
    response = alices_client.post("/profile/delete/", {"password": "x"})
    assert errors(response) == {"password": ["This is not your password."]}
    assert User.objects.filter(username="alice").exists()


def test_opening_the_page_deletes_nothing(alices_client):
    assert "It cannot be undone." in alices_client.get("/profile/delete/").content.decode()
    assert User.objects.filter(username="alice").exists()


def test_an_unknown_address_shows_a_page(client):
    response = client.get("/dungeon/")
    assert response.status_code == 404
    assert "<h1>Page not found</h1>" in response.content.decode()
