"""The profile page and the list of users."""

import pytest
from django.core.exceptions import ValidationError
from players import roster

from suite.conftest import ALICE
from suite.plain.pages import STORES_EXTRA_FIELDS, errors, typed
from suite.variant import VARIANT, User, enrolled, enrolled_many, without_row

NEW = {
    "birthdate": "1991-04-05",
    "discord_id": "300000000000000003",
    "zoom_id": "333 444 555",
}
STORED = {name: value.replace(" ", "") for name, value in NEW.items()}


@pytest.fixture
def alices_client(client, alice):
    client.force_login(alice)
    return client


def extra_fields(username):
    """Return what the roster finds, {} in proxy_model. Dates are text, as in a form."""
    found = roster.find(username)
    return {name: found[name] and str(found[name]) for name in NEW if name in found}


def shown(client):
    """Return {field: value} of the form on the profile page."""
    form = client.get("/profile/").context["form"]
    return {name: form[name].value() for name in ALICE}


def save(client, **new):
    """Send the profile form and follow. proxy_model has no form to send, and answers 405."""
    response = client.post("/profile/", NEW | new, follow=True)
    assert (response.status_code == 405) != STORES_EXTRA_FIELDS
    return response


def is_saved(response):
    return "Your profile is saved." in response.content.decode()


def test_a_user_sees_their_profile(alices_client):
    assert shown(alices_client) == (ALICE if STORES_EXTRA_FIELDS else dict.fromkeys(ALICE))


def test_the_home_page_shows_the_extra_fields(alices_client):
    page = alices_client.get("/").content.decode()
    for value in ("May 4, 2010", ALICE["discord_id"], ALICE["zoom_id"]):
        assert (f"<dd>{value}</dd>" in page) == STORES_EXTRA_FIELDS


def test_a_user_edits_their_profile(alices_client):
    assert is_saved(save(alices_client)) == STORES_EXTRA_FIELDS
    assert extra_fields("alice") == (STORED if STORES_EXTRA_FIELDS else {})


def test_the_profile_page_shows_the_email_address_and_does_not_change_it(client):
    client.force_login(enrolled("alice", email="alice@example.org"))
    assert "alice@example.org" in client.get("/profile/").content.decode()
    save(client, email="new@example.org", username="bob", password="x", is_superuser="on")
    user = User.objects.get(username="alice")
    assert (user.email, user.is_superuser) == ("alice@example.org", False)


def test_an_edit_changes_no_other_user(alices_client):
    enrolled("bob", **ALICE)
    before = roster.find("bob")
    save(alices_client)
    assert roster.find("bob") == before


def test_a_field_that_is_emptied_becomes_null(alices_client):
    save(alices_client, **dict.fromkeys(NEW, ""))
    assert extra_fields("alice") == (dict.fromkeys(NEW) if STORES_EXTRA_FIELDS else {})


@pytest.mark.parametrize(
    ("field", "value"), [("birthdate", "2999-01-01"), ("discord_id", "x"), ("zoom_id", "1")]
)
def test_a_wrong_value_shows_an_error_and_stores_nothing(alices_client, field, value):
    before = roster.find("alice")
    response = save(alices_client, **{field: value})
    if STORES_EXTRA_FIELDS:
        assert errors(response).keys() == {field}
        assert typed(response, field) == value
    assert roster.find("alice") == before


def test_a_user_without_a_profile_row_sees_an_empty_form_and_gets_a_row(client):
    client.force_login(without_row("bob"))
    assert client.get("/").status_code == 200
    assert shown(client) == dict.fromkeys(ALICE)
    assert is_saved(save(client)) == STORES_EXTRA_FIELDS
    assert extra_fields("bob") == (STORED if STORES_EXTRA_FIELDS else {})


def test_of_two_profile_rows_the_newest_is_shown_and_edited(client, alice):
    """Only foreignkey can have two rows. Elsewhere the second write changes the first one."""
    other = ALICE | {"zoom_id": "999888777"}
    if VARIANT == "foreignkey":
        alice.person_set.create(**other)
    elif STORES_EXTRA_FIELDS:
        roster.change("alice", **other)
    client.force_login(alice)
    assert shown(client) == (other if STORES_EXTRA_FIELDS else dict.fromkeys(ALICE))
    assert (other["zoom_id"] in client.get("/").content.decode()) == STORES_EXTRA_FIELDS
    save(client)
    assert extra_fields("alice") == (STORED if STORES_EXTRA_FIELDS else {})
    if VARIANT == "foreignkey":
        assert [str(person.zoom_id) for person in alice.person_set.order_by("person_id")] == [
            ALICE["zoom_id"],
            STORED["zoom_id"],
        ]


def test_a_renamed_user_edits_their_own_profile(alices_client):
    """Someone else took the old username meanwhile. Their profile stays as it is."""
    User.objects.filter(username="alice").update(username="alicia")
    enrolled("alice", **ALICE)
    assert is_saved(save(alices_client)) == STORES_EXTRA_FIELDS
    assert extra_fields("alicia") == (STORED if STORES_EXTRA_FIELDS else {})
    kept = {name: str(value) for name, value in ALICE.items()}
    assert extra_fields("alice") == (kept if STORES_EXTRA_FIELDS else {})


def test_a_deleted_user_is_sent_to_the_login_page(alices_client):
    roster.remove("alice")
    for page in ("/profile/", "/profile/delete/"):
        assert alices_client.get(page).headers["Location"] == f"/login/?next={page}"
        assert alices_client.post(page, NEW).headers["Location"] == f"/login/?next={page}"
    assert roster.find("alice") is None


def test_the_list_shows_usernames_and_no_personal_data(client):
    enrolled("alice", email="alice@example.org", **ALICE)
    page = client.get("/players/").content.decode()
    assert "<li>alice</li>" in page
    for secret in ("alice@example.org", *map(str, ALICE.values())):
        assert secret not in page


def test_an_empty_list_invites_to_register(nobody_yet, client):
    assert "There are no players yet." in client.get("/players/").content.decode()


def test_the_pages_of_the_list_leave_nobody_out(nobody_yet, client):
    enrolled_many(101)
    seen, has_next = [], True
    while has_next:
        after = seen[-1] if seen else ""
        response = client.get("/players/", {"after": after})
        seen += response.context["names"]
        has_next = response.context["has_next"]
        assert (f"?after={seen[-1]}" in response.content.decode()) == has_next
    assert seen == [f"player{i:04}" for i in range(101)]


@pytest.mark.parametrize("after", ["zzz", "a%00b", "%27%3B%20DROP%20TABLE", "%ff"])
def test_any_address_of_the_list_is_answered(client, alice, after):
    assert client.get(f"/players/?after={after}").status_code == 200


def test_a_username_cannot_contain_markup():
    with pytest.raises(ValidationError):
        User(username="<b>bob</b>", password="x").full_clean()
