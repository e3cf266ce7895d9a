"""roster.add_many: many users in a few statements."""

from datetime import date

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from players import roster

from suite.plain.pages import STORES_EXTRA_FIELDS
from suite.variant import CannotDo, PlayerModel, User

NAMES = [f"player{i}" for i in range(25)]


def rows(**special):
    """Yield a row for each name. The keyword arguments say what is special about player12."""
    for name in NAMES:
        yield {"username": name} | (special if name == "player12" else {})


def test_each_user_gets_the_default_values_of_the_model():
    began = timezone.now()
    assert roster.add_many(rows()) == 25
    user = User.objects.get(username="player12")
    assert began <= user.date_joined <= timezone.now()
    assert (user.email, user.first_name, user.last_login) == ("", "", None)
    assert (user.is_active, user.is_staff, user.is_superuser) == (True, False, False)


def test_each_user_gets_their_own_details():
    details = {"email": "bob@example.org"}
    if STORES_EXTRA_FIELDS:
        details |= {"birthdate": date(1990, 2, 3), "discord_id": "1", "zoom_id": "2"}
    roster.add_many(rows(**details))
    blank = dict.fromkeys(details) | {"email": ""}
    assert roster.find("player12") == {"username": "player12", **details}
    assert roster.find("player13") == {"username": "player13", **blank}


def test_each_user_gets_one_row_of_the_variants_own_model():
    before = PlayerModel.objects.count()
    roster.add_many(rows())
    assert PlayerModel.objects.count() == before + 25


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "player3"},
        {"username": "PLAYER3"},
        {"email": "x" * 300},
        {"birthdate": date(1990, 2, 3), "discord_id": "nul\0"},
    ],
)
def test_an_error_in_one_row_leaves_no_user(transactional_db, wrong):
    """There are more rows than Django sends in one statement, and the wrong one is the last."""
    many = [{"username": f"many{i}"} for i in range(1000)]
    with pytest.raises((DatabaseError, CannotDo)):
        roster.add_many([*many, *rows(**wrong)])
    assert not User.objects.filter(username__startswith="many").exists()
    assert not User.objects.filter(username__in=NAMES).exists()


def test_rows_that_end_in_an_error_leave_no_user():
    def broken():
        yield from rows()
        raise FileNotFoundError("players.csv")

    with pytest.raises(FileNotFoundError):
        roster.add_many(broken())
    assert not User.objects.filter(username__in=NAMES).exists()


def test_an_unknown_field_is_an_error():
    with pytest.raises(TypeError, match="nickname"):
        roster.add_many(rows(nickname="Bob"))


def test_25_users_cost_as_many_statements_as_one():
    costs = []
    for usernames in (["bob"], NAMES):
        with CaptureQueriesContext(connection) as ran:
            roster.add_many({"username": name} for name in usernames)
        costs.append(len(ran))
    assert costs[0] == costs[1]
