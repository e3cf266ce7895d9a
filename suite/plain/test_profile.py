"""Seeing and editing one's own details, and the list of who plays."""

import pytest
from players import roster

from suite.conftest import ALICE
from suite.plain.pages import KEEPS_EXTRAS, errors, typed
from suite.variant import enrolled, enrolled_many

NEW = {
    "email": "new@example.org",
    "birthdate": "1991-04-05",
    "discord_id": "300000000000000003",
    "zoom_id": "333444555",
}


@pytest.fixture
def her_client(client, alice):
    client.force_login(alice)
    return client


def test_a_player_sees_their_details(her_client):
    form = her_client.get("/profile/").context["form"]
    shown = {name: form[name].value() for name in ALICE}
    assert shown == (ALICE if KEEPS_EXTRAS else dict.fromkeys(ALICE))


def test_a_player_changes_their_details(her_client):
    response = her_client.post("/profile/", NEW, follow=True)
    assert "Your details are saved." in response.content.decode()
    found = {name: str(value) for name, value in roster.find("alice").items()}
    kept = NEW if KEEPS_EXTRAS else {"email": NEW["email"]}
    assert found == {"username": "alice", **kept}


def test_a_change_changes_nobody_else(her_client):
    enrolled("bob", **ALICE)
    before = roster.find("bob")
    her_client.post("/profile/", NEW)
    assert roster.find("bob") == before


def test_a_detail_that_is_emptied_becomes_null(her_client):
    her_client.post("/profile/", dict.fromkeys(NEW, ""))
    found = roster.find("alice")
    assert found.pop("email") == ""
    assert set(found.values()) <= {"alice", None}


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "new@"), ("birthdate", "2999-01-01"), ("discord_id", "x"), ("zoom_id", "1")],
)
def test_a_wrong_detail_is_said_and_nothing_is_stored(her_client, field, value):
    if not KEEPS_EXTRAS and field != "email":
        field, value = "email", "new@"
    before = roster.find("alice")
    response = her_client.post("/profile/", NEW | {field: value})
    assert errors(response).keys() == {field}
    assert typed(response, field) == value
    assert roster.find("alice") == before


def test_the_list_shows_usernames_and_no_personal_data(client):
    enrolled("alice", email="alice@example.org", **ALICE)
    page = client.get("/players/").content.decode()
    assert "<li>alice</li>" in page
    for secret in ("alice@example.org", *map(str, ALICE.values())):
        assert secret not in page


def test_an_empty_list_invites(nobody_yet, client):
    assert "Nobody plays yet" in client.get("/players/").content.decode()


def test_the_list_comes_in_pages_that_lose_nobody(nobody_yet, client):
    enrolled_many(101)
    seen, address = [], "/players/"
    while address:
        context = client.get(address).context
        seen += context["names"]
        address = f"/players/?after={context['next']}" if "next" in context else None
    assert seen == [f"player{i:04}" for i in range(101)]


@pytest.mark.parametrize("after", ["zzz", "a%00b", "%27%3B%20DROP%20TABLE", "%ff"])
def test_any_address_of_a_page_is_answered(client, alice, after):
    assert client.get(f"/players/?after={after}").status_code == 200


def test_a_username_is_shown_as_text():
    """Nothing that a username may hold is markup; what cannot be a username is refused."""
    from django.core.exceptions import ValidationError

    from suite.variant import User

    with pytest.raises(ValidationError):
        User(username="<b>bob</b>", password="x").full_clean()
