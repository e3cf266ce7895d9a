"""A kept query: its SQL is written once, its values are new in each call."""

import pytest
from django.contrib.auth import get_user_model
from players import roster
from players.kept import kept

pytestmark = pytest.mark.django_db

USERNAMES = ["alice", "bob", "carol"]


@pytest.fixture
def players():
    for username in USERNAMES:
        roster.register(username, "The dragon wakes at 7", email=f"{username}@example.org")


def users():
    return get_user_model().objects.values("username", "email")


@pytest.fixture
def asked():
    """The kept query, and with what it was written so far."""
    written = []

    @kept
    def after(username, *, size):
        written.append(size)
        return users().filter(username__gt=username).order_by("username")[:size]

    return after, written


def test_it_returns_what_the_queryset_would(players, asked):
    after, _ = asked
    for username in ("", "alice", "carol"):
        assert after(username, size=2) == list(
            users().filter(username__gt=username).order_by("username")[:2]
        )


def test_its_sql_is_written_once_for_each_part_that_it_has(players, asked):
    after, written = asked
    for size in (1, 2):
        for username in USERNAMES:
            after(username, size=size)
    assert written == [1, 2]


def test_a_value_is_never_part_of_the_sql(players, asked):
    after, _ = asked
    assert after("' OR 'a' = 'a", size=9) == after("", size=9)
    assert after("x'; DROP TABLE person; --", size=9) == []


def test_other_values_of_the_query_stay_as_they_are(players):
    @kept
    def other_than(username):
        return users().filter(email="bob@example.org").exclude(username=username)

    assert [row["username"] for row in other_than("alice")] == ["bob"]
    assert other_than("bob") == []


def test_a_queryset_that_makes_something_else_of_a_value_is_refused(players):
    @kept
    def by_key(key):
        return users().filter(pk=key)

    with pytest.raises(TypeError, match="by_key does not send its values as they are"):
        by_key("1")
