"""players.roster: the same operations in all four variants."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from players import roster

from suite.conftest import ALICE
from suite.plain.pages import STORES_EXTRA_FIELDS
from suite.sessions import at_the_same_moment
from suite.variant import PASSWORD, CannotDo, User, enrolled, enrolled_many, without_row


def test_register_returns_the_id_of_a_user_who_can_log_in(client):
    number = roster.register("bob", PASSWORD, "bob@EXAMPLE.org")
    assert User.objects.get(pk=number).email == "bob@example.org"
    assert client.login(username="bob", password=PASSWORD)


def test_register_stores_the_extra_fields_or_raises_cannot_do():
    if STORES_EXTRA_FIELDS:
        roster.register("bob", PASSWORD, **ALICE)
        assert roster.find("bob") == {"username": "bob", "email": "", **ALICE}
    else:
        with pytest.raises(CannotDo, match="adds no column"):
            roster.register("bob", PASSWORD, **ALICE)
        assert roster.find("bob") is None


@pytest.mark.parametrize("username", ["alice", "ALICE"])
def test_register_raises_integrity_error_for_a_taken_username(alice, username):
    with pytest.raises(IntegrityError, match="username"), transaction.atomic():
        roster.register(username, PASSWORD)
    assert roster.find("ALICE") is None


def test_find_is_case_sensitive(alice):
    assert roster.find("alice")["username"] == "alice"
    assert roster.find("ALICE") is None


def test_page_returns_users_in_the_order_of_their_usernames(nobody_yet):
    enrolled_many(5)
    first = roster.page(size=3)
    rest = roster.page(after=first[-1]["username"], size=3)
    assert [player["username"] for player in first + rest] == [f"player{i:04}" for i in range(5)]
    assert first[0] == roster.find("player0000")


def test_by_discord_id_returns_all_users_with_this_id(alice):
    if not STORES_EXTRA_FIELDS:
        with pytest.raises(CannotDo):
            roster.by_discord_id("1")
        return
    enrolled("bob", **ALICE)
    found = roster.by_discord_id(ALICE["discord_id"])
    assert [player["username"] for player in found] == ["alice", "bob"]
    assert roster.by_discord_id("1") == []


@pytest.mark.parametrize("today", [date(2026, 7, 9), date(2028, 2, 29)])
def test_count_under_stops_counting_on_the_birthday(monkeypatch, today):
    """Someone born on 1 March 2010 is not 18 years old on 29 February 2028."""
    monkeypatch.setattr(timezone, "localdate", lambda: today)
    if not STORES_EXTRA_FIELDS:
        with pytest.raises(CannotDo):
            roster.count_under(18)
        return
    last_birthday = date(today.year - 18, today.month, min(today.day, 28))
    minors = roster.count_under(18)
    enrolled("of age", birthdate=last_birthday)
    enrolled("minor", birthdate=last_birthday + timedelta(days=1))
    enrolled("no birthdate")
    assert roster.count_under(18) == minors + 1


def test_an_older_value_does_not_count(alice):
    """A correction changes the row. In foreignkey it can also be a newer row."""
    if not STORES_EXTRA_FIELDS:
        with pytest.raises(CannotDo):
            roster.change("alice", discord_id="2")
        return
    minors = roster.count_under(18)
    if hasattr(User, "person_set"):
        alice.person_set.create(birthdate=date(1980, 1, 1), discord_id="2")
    else:
        roster.change("alice", birthdate=date(1980, 1, 1), discord_id="2")
    assert roster.by_discord_id(ALICE["discord_id"]) == []
    assert roster.by_discord_id("2") == [roster.find("alice")]
    assert roster.count_under(18) == minors - 1


def test_change_sets_what_is_given_and_keeps_the_rest(alice):
    new = {"zoom_id": "999888777"} if STORES_EXTRA_FIELDS else {}
    assert roster.change("alice", email="a@example.org", **new)
    stored = {**ALICE, **new} if STORES_EXTRA_FIELDS else {}
    assert roster.find("alice") == {"username": "alice", "email": "a@example.org", **stored}


def test_change_returns_false_if_the_user_does_not_exist():
    assert not roster.change("nobody", email="a@example.org")


def test_change_creates_a_missing_profile_row():
    without_row("bob")
    if STORES_EXTRA_FIELDS:
        assert roster.change("bob", discord_id=ALICE["discord_id"])
        assert roster.find("bob")["discord_id"] == ALICE["discord_id"]
    else:
        with pytest.raises(CannotDo):
            roster.change("bob", discord_id=ALICE["discord_id"])


def test_remove_deletes_one_user_and_returns_whether_they_existed(alice):
    enrolled("bob")
    assert roster.remove("alice")
    assert not roster.remove("alice")
    assert roster.find("bob")


def test_remove_waits_for_a_change_at_the_same_time(transactional_db):
    without_row("bob")
    new = {"zoom_id": "999888777"} if STORES_EXTRA_FIELDS else {"email": "bob@example.org"}
    race = at_the_same_moment(lambda: roster.change("bob", **new), lambda: roster.remove("bob"))
    assert race.second_waited
    assert (race.first, race.second) == (True, True)
    assert roster.find("bob") is None


def test_add_many_accepts_any_iterable():
    assert roster.add_many({"username": name} for name in ("bob", "carol")) == 2


def test_add_many_creates_all_users_with_one_password(nobody_yet, client):
    enrolled_many(3)
    rows = [{"username": "bob", "email": "b@example.org"}, {"username": "carol"}]
    assert roster.add_many(rows, PASSWORD) == 2
    assert len(roster.page()) == 5
    assert client.login(username="carol", password=PASSWORD)


def test_add_many_without_a_password_creates_users_who_cannot_log_in(client):
    roster.add_many([{"username": "bob"}])
    assert not User.objects.get(username="bob").has_usable_password()


def test_add_many_creates_no_user_if_one_username_is_taken(alice):
    with pytest.raises(IntegrityError, match="username"), transaction.atomic():
        roster.add_many([{"username": "bob"}, {"username": "Alice"}])
    assert roster.find("bob") is None
