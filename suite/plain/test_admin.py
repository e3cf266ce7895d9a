"""The admin."""

import re

import pytest
from players import roster

from suite.adminpages import filled, page
from suite.conftest import ALICE
from suite.outcomes import rows
from suite.plain.pages import STORES_EXTRA_FIELDS
from suite.variant import PASSWORD, VARIANT, User, enrolled, without_row

# The prefix of the extra fields' names in the form of a user.
PREFIX = {"profile_onetoone": "person-0-", "foreignkey": "person_set-0-"}.get(VARIANT, "")


def test_the_index_links_to_the_users(admin_client):
    assert page("changelist") in admin_client.get("/admin/").content.decode()


def test_staff_see_and_edit_the_extra_fields_on_the_page_of_the_user(admin_client, alice):
    sent = filled(admin_client.get(page("change", alice.pk)))
    if not STORES_EXTRA_FIELDS:
        assert not any("birthdate" in name for name in sent)
        return
    assert sent[f"{PREFIX}discord_id"] == ALICE["discord_id"]
    sent |= {"email": "a@example.org", f"{PREFIX}zoom_id": "987 654 3210"}
    response = admin_client.post(page("change", alice.pk), sent)
    assert response.status_code == 302, response.context["errors"]
    assert roster.find("alice") == {
        "username": "alice", "email": "a@example.org", **ALICE, "zoom_id": "9876543210"
    }  # fmt: skip


def test_staff_see_the_errors_of_the_extra_fields(admin_client, alice):
    sent = filled(admin_client.get(page("change", alice.pk)))
    sent |= {f"{PREFIX}discord_id": "x", "username": "", f"{PREFIX}birthdate": "2999-01-01"}
    shown = admin_client.post(page("change", alice.pk), sent).content.decode()
    assert "This field is required." in shown
    assert ("A Discord ID is a number" in shown) == STORES_EXTRA_FIELDS
    assert ("This birthdate is in the future" in shown) == STORES_EXTRA_FIELDS


def test_an_extra_field_that_staff_empty_becomes_null(admin_client, alice):
    sent = filled(admin_client.get(page("change", alice.pk)))
    sent |= {f"{PREFIX}discord_id": "", f"{PREFIX}zoom_id": "", f"{PREFIX}birthdate": ""}
    assert admin_client.post(page("change", alice.pk), sent).status_code == 302
    found = roster.find("alice")
    assert {found.get(name) for name in ALICE} == {None}


def test_staff_add_a_user_with_extra_fields_in_one_step(admin_client):
    sent = filled(admin_client.get(page("add")))
    sent |= {"username": "bob", "password1": PASSWORD, "password2": PASSWORD}
    sent |= {f"{PREFIX}{name}": str(value) for name, value in ALICE.items()}
    assert admin_client.post(page("add"), sent).status_code == 302
    found = roster.find("bob")
    assert found == {"username": "bob", "email": "", **(ALICE if STORES_EXTRA_FIELDS else {})}


def test_staff_give_a_user_without_a_profile_row_extra_fields(admin_client):
    user = without_row("bob")
    sent = filled(admin_client.get(page("change", user.pk)))
    assert admin_client.post(page("change", user.pk), sent).status_code == 302
    sent |= {f"{PREFIX}{name}": str(value) for name, value in ALICE.items()}
    assert admin_client.post(page("change", user.pk), sent).status_code == 302
    assert roster.find("bob").items() >= (ALICE if STORES_EXTRA_FIELDS else {}).items()


def test_staff_edit_each_profile_row_and_the_list_shows_the_newest(admin_client, alice):
    """Only foreignkey can have two rows. Elsewhere the page has one form for the extra fields."""
    newest = PREFIX
    if VARIANT == "foreignkey":
        alice.person_set.create(**ALICE)
        newest = "person_set-1-"
    sent = filled(admin_client.get(page("change", alice.pk)))
    sent |= {f"{newest}discord_id": "200000000000000002"}
    assert admin_client.post(page("change", alice.pk), sent).status_code == 302
    shown = admin_client.get(page("changelist")).content.decode()
    assert ("200000000000000002" in shown) == STORES_EXTRA_FIELDS
    assert roster.find("alice").get("discord_id") in ("200000000000000002", None)
    if VARIANT == "foreignkey":
        assert alice.person_set.first().discord_id == ALICE["discord_id"]


@pytest.mark.parametrize("name", ["bob", "BOB"])
def test_staff_cannot_give_two_users_one_username(admin_client, alice, name):
    enrolled("bob")
    sent = filled(admin_client.get(page("change", alice.pk))) | {"username": name}
    response = admin_client.post(page("change", alice.pk), sent)
    errors = response.context["adminform"].form.errors
    assert errors == {"username": ["A user with that username already exists."]}
    assert User.objects.get(pk=alice.pk).username == "alice"


def test_staff_may_change_the_case_of_a_username(admin_client, alice):
    sent = filled(admin_client.get(page("change", alice.pk))) | {"username": "Alice"}
    assert admin_client.post(page("change", alice.pk), sent).status_code == 302
    assert User.objects.get(pk=alice.pk).username == "Alice"


def test_staff_delete_a_user(admin_client, alice):
    deleted = admin_client.post(page("delete", alice.pk), {"post": "yes"})
    assert deleted.status_code == 302
    assert roster.find("alice") is None


def test_staff_find_a_user(admin_client, alice):
    enrolled("bob")
    term = ALICE["discord_id"] if STORES_EXTRA_FIELDS else "alice"
    found = admin_client.get(page("changelist"), {"q": term}).context["cl"].result_list
    assert [user.get_username() for user in found] == ["alice"]


def test_the_list_names_its_columns_as_the_forms_do(admin_client, alice):
    shown = admin_client.get(page("changelist")).content.decode()
    assert ("Discord ID</a>" in shown) == STORES_EXTRA_FIELDS
    assert "Person" not in shown.partition("<thead>")[2].partition("</thead>")[0]


def test_staff_see_a_user_without_a_profile_row_in_the_list(admin_client):
    without_row("bob")
    assert ">bob</a>" in admin_client.get(page("changelist")).content.decode()


def test_a_user_who_is_not_staff_cannot_open_the_admin(client, alice):
    client.force_login(alice)
    assert "/admin/login/" in client.get("/admin/").headers["Location"]


def test_the_history_shows_what_staff_changed(admin_client, alice):
    [(before,)] = rows("SELECT count(*) FROM django_admin_log")
    sent = filled(admin_client.get(page("change", alice.pk))) | {"email": "a@example.org"}
    admin_client.post(page("change", alice.pk), sent)
    shown = admin_client.get(page("history", alice.pk)).content.decode()
    assert re.search(r"Changed Email address", shown, re.IGNORECASE)
    assert rows("SELECT count(*) FROM django_admin_log") == [(before + 1,)]
