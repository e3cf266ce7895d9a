"""players.roster: the operations that views, notebooks and benchmarks share."""

from datetime import date

import pytest
from django.utils import timezone
from players import roster
from players.errors import CannotDo, UsernameTaken
from players.extras import born_after

from suite.conftest import ALICE
from suite.plain.pages import KEEPS_EXTRAS
from suite.sessions import at_the_same_moment
from suite.variant import PASSWORD, User, enrolled, enrolled_many


def years_ago(years, days=0):
    today = timezone.localdate()
    return date(today.year - years, today.month, min(today.day, 28)) - timezone.timedelta(days=days)


def test_register_gives_the_id_of_a_user_who_can_log_in(client):
    number = roster.register("bob", PASSWORD, "bob@EXAMPLE.org")
    assert User.objects.get(pk=number).email == "bob@example.org"
    assert client.login(username="bob", password=PASSWORD)


def test_register_stores_the_extras_or_says_that_it_cannot():
    if KEEPS_EXTRAS:
        roster.register("bob", PASSWORD, **ALICE)
        assert roster.find("bob") == {"username": "bob", "email": "", **ALICE}
    else:
        with pytest.raises(CannotDo, match="adds no column"):
            roster.register("bob", PASSWORD, **ALICE)
        assert roster.find("bob") is None


def test_register_refuses_a_taken_username_and_the_transaction_goes_on(alice):
    with pytest.raises(UsernameTaken):
        roster.register("ALICE", PASSWORD)
    assert roster.find("ALICE") is None


def test_is_taken_minds_no_case_and_lets_one_keep_ones_own(alice):
    assert roster.is_taken("ALICE")
    assert not roster.is_taken("ALICE", but_by=alice.pk)
    assert not roster.is_taken("bob")


def test_find_minds_the_case(alice):
    assert roster.find("alice")["username"] == "alice"
    assert roster.find("ALICE") is None


def test_page_gives_players_by_name_and_goes_on_after_the_last(nobody_yet):
    enrolled_many(5)
    first = roster.page(size=3)
    rest = roster.page(after=first[-1]["username"], size=3)
    assert [player["username"] for player in first + rest] == [f"player{i:04}" for i in range(5)]
    assert first[0] == roster.find("player0000")


def test_by_discord_id_gives_all_who_gave_it(alice):
    if not KEEPS_EXTRAS:
        with pytest.raises(CannotDo):
            roster.by_discord_id("1")
        return
    enrolled("bob", **ALICE)
    found = roster.by_discord_id(ALICE["discord_id"])
    assert [player["username"] for player in found] == ["alice", "bob"]
    assert roster.by_discord_id("1") == []


def test_count_under_counts_from_the_birthday_on():
    if not KEEPS_EXTRAS:
        with pytest.raises(CannotDo):
            roster.count_under(18)
        return
    enrolled("grown up today", birthdate=born_after(18))
    enrolled("not yet", birthdate=born_after(18) + timezone.timedelta(days=1))
    enrolled("says nothing")
    assert roster.count_under(18) == 1


def test_what_a_player_said_before_counts_no_more(alice):
    """A correction is a change of the row, or, in foreignkey, it may be a newer one."""
    if not KEEPS_EXTRAS:
        with pytest.raises(CannotDo):
            roster.change("alice", discord_id="2")
        return
    minors = roster.count_under(18)
    if hasattr(User, "person_set"):
        alice.person_set.create(birthdate=born_after(40), discord_id="2")
    else:
        roster.change("alice", birthdate=born_after(40), discord_id="2")
    assert roster.by_discord_id(ALICE["discord_id"]) == []
    assert roster.by_discord_id("2") == [roster.find("alice")]
    assert roster.count_under(18) == minors - 1


def test_born_after_knows_leap_days(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda: date(2028, 2, 29))
    assert born_after(18) == date(2010, 2, 28)
    assert born_after(20) == date(2008, 2, 29)


def test_change_sets_what_is_given_and_leaves_the_rest(alice):
    new = {"zoom_id": "999888777"} if KEEPS_EXTRAS else {}
    assert roster.change("alice", email="a@example.org", **new)
    kept = {**ALICE, **new} if KEEPS_EXTRAS else {}
    assert roster.find("alice") == {"username": "alice", "email": "a@example.org", **kept}


def test_change_of_nobody_says_so():
    assert not roster.change("nobody", email="a@example.org")


def test_change_gives_a_user_without_a_row_their_extras():
    User.objects.bulk_create([User(username="bob")])  # sends no signal, makes no row
    if KEEPS_EXTRAS:
        assert roster.change("bob", discord_id=ALICE["discord_id"])
        assert roster.find("bob")["discord_id"] == ALICE["discord_id"]
    else:
        with pytest.raises(CannotDo):
            roster.change("bob", discord_id=ALICE["discord_id"])


def test_remove_deletes_one_player_and_says_whether_there_was_one(alice):
    enrolled("bob")
    assert roster.remove("alice")
    assert not roster.remove("alice")
    assert roster.find("bob")


def test_remove_waits_for_extras_that_are_stored_at_the_same_moment(transactional_db):
    User.objects.bulk_create([User(username="bob")])  # has no row for the extras yet
    new = {"zoom_id": "999888777"} if KEEPS_EXTRAS else {"email": "bob@example.org"}
    race = at_the_same_moment(lambda: roster.change("bob", **new), lambda: roster.remove("bob"))
    assert race.second_waited
    assert (race.first, race.second) == (True, True)
    assert roster.find("bob") is None


def test_add_many_takes_any_iterable():
    assert roster.add_many({"username": name} for name in ("bob", "carol")) == 2


def test_add_many_adds_all_with_one_password(nobody_yet, client):
    enrolled_many(3)
    rows = [{"username": "bob", "email": "b@example.org"}, {"username": "carol"}]
    assert roster.add_many(rows, PASSWORD) == 2
    assert len(roster.page()) == 5
    assert client.login(username="carol", password=PASSWORD)


def test_add_many_without_a_password_lets_nobody_in(client):
    roster.add_many([{"username": "bob"}])
    assert not User.objects.get(username="bob").has_usable_password()


def test_add_many_adds_nobody_if_one_name_is_taken(alice):
    with pytest.raises(UsernameTaken):
        roster.add_many([{"username": "bob"}, {"username": "Alice"}])
    assert roster.find("bob") is None
