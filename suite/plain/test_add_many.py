"""roster.add_many: all rows or none, and users like those who registered."""

import pytest
from django.db import DataError, IntegrityError
from django.utils import timezone
from players import roster

from suite.plain.pages import KEEPS_EXTRAS
from suite.variant import User, enrolled, person_class

# more than the roster stores in one statement
MANY = 1_100
MIDDLE = MANY // 2


@pytest.fixture(autouse=True)
def before(nobody_yet):
    """The usernames before the rows are added."""
    enrolled("alice")
    return usernames()


def usernames():
    return sorted(User.objects.values_list("username", flat=True))


def many(position=None, **details):
    """The rows, as a generator. The one at the position has other details."""
    for number in range(MANY):
        row = {"username": f"player{number}"}
        yield row | details if number == position else row


def test_it_returns_how_many_users_it_added(before):
    assert roster.add_many(many()) == MANY
    assert usernames() == sorted([*before, *(row["username"] for row in many())])


@pytest.mark.parametrize(("position", "name"), [(0, "player3"), (MANY - 1, "PLAYER3")])
def test_a_username_that_comes_twice_adds_nobody(transactional_db, before, position, name):
    with pytest.raises(IntegrityError):
        roster.add_many(many(position, username=name))
    assert usernames() == before


@pytest.mark.parametrize(("position", "name"), [(0, "alice"), (MANY - 1, "Alice")])
def test_a_taken_username_adds_nobody(transactional_db, before, position, name):
    with pytest.raises(IntegrityError):
        roster.add_many(many(position, username=name))
    assert usernames() == before


def test_a_row_that_postgresql_rejects_adds_nobody(transactional_db, before):
    with pytest.raises(DataError):
        roster.add_many(many(MANY - 1, email="x" * 300))
    assert usernames() == before


def test_rows_that_end_in_an_error_add_nobody(transactional_db, before):
    def broken():
        yield from many()
        raise FileNotFoundError("players.csv")

    with pytest.raises(FileNotFoundError):
        roster.add_many(broken())
    assert usernames() == before


def test_an_unknown_field_adds_nobody(transactional_db, before):
    with pytest.raises(TypeError, match="nickname"):
        roster.add_many(many(MANY - 1, nickname="Bob"))
    assert usernames() == before


def test_whoever_registers_next_gets_a_new_id():
    roster.add_many(many())
    latest = User.objects.latest("pk").pk
    assert roster.register("bob", "owlbear") > latest
    assert roster.find("bob")["username"] == "bob"


def test_each_user_has_the_models_defaults():
    began = timezone.now()
    roster.add_many(many())
    player = User.objects.get(username=f"player{MIDDLE}")
    assert began <= player.date_joined <= timezone.now()
    assert (player.email, player.first_name, player.last_login) == ("", "", None)
    assert (player.is_active, player.is_staff, player.is_superuser) == (True, False, False)


def test_every_user_has_their_own_details():
    details = {"email": "bob@example.org"}
    if KEEPS_EXTRAS:
        details |= {"birthdate": timezone.localdate(), "discord_id": "1", "zoom_id": "2"}
    roster.add_many(many(MIDDLE, **details))
    blank = dict.fromkeys(details) | {"email": ""}
    for number, its in ((MIDDLE - 1, blank), (MIDDLE, details), (MIDDLE + 1, blank)):
        username = f"player{number}"
        assert roster.find(username) == {"username": username, **its}


def test_a_user_has_one_person():
    if not hasattr(User, "person") and not hasattr(User, "person_set"):
        with pytest.raises(LookupError):
            person_class()
        return
    roster.add_many(many())
    owners = person_class().objects.values_list("user__username", flat=True)
    loaded = sorted(name for name in owners if name.startswith("player"))
    assert loaded == sorted(row["username"] for row in many())
