"""Registration."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.client import BOUNDARY, encode_multipart
from players import roster

from suite.outcomes import rows
from suite.plain.pages import BOB, STORES_EXTRA_FIELDS, errors, forms, typed
from suite.variant import PASSWORD, User

TAKEN = {"username": ["A user with that username already exists."]}


def test_the_page_has_all_seven_fields(client):
    page = client.get("/register/").content.decode()
    for name in BOB:
        assert f'name="{name}"' in page


def test_a_visitor_registers_and_is_logged_in_at_home(client):
    response = client.post("/register/", BOB, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert response.context["user"].get_username() == "bob"
    assert "Welcome, bob" in response.content.decode()


def test_the_extra_fields_are_stored_if_the_variant_can(client):
    client.post("/register/", BOB)
    found = roster.find("bob")
    assert found["email"] == "bob@example.org"
    if STORES_EXTRA_FIELDS:
        assert str(found["birthdate"]) == "1990-02-03"
        assert (found["discord_id"], found["zoom_id"]) == ("200000000000000002", "2223334444")
    else:
        assert found.keys() == {"username", "email"}


def test_a_variant_that_cannot_store_the_extra_fields_says_why(client):
    shown = forms(client.get("/register/"))
    fields = {name: field for form in shown for name, field in form.fields.items()}
    disabled = {name for name, field in fields.items() if field.disabled}
    assert disabled == (set() if STORES_EXTRA_FIELDS else {"birthdate", "discord_id", "zoom_id"})
    for name in disabled:
        assert "adds no column" in fields[name].help_text


def test_blank_extra_fields_are_null(client):
    blank = {"birthdate": "", "discord_id": "  ", "zoom_id": "", "email": ""}
    client.post("/register/", BOB | blank)
    found = {key: value for key, value in roster.find("bob").items() if key in blank}
    assert found.pop("email") == ""
    assert set(found.values()) <= {None}


def test_the_password_is_stored_as_an_argon2_hash(client, settings):
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]  # without the suite's own, fast one
    client.post("/register/", BOB)
    assert User.objects.get(username="bob").password.startswith("argon2$")


def test_a_password_is_hashed_once(client, settings, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *args: hashed.append(args) or encode(*args)
    )
    client.post("/register/", BOB)
    assert len(hashed) == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("username", "", "This field is required."),
        ("username", "bob the brave", "Enter a valid username."),
        ("username", "b" * 151, "at most 150 characters"),
        ("username", "bo\x00b", "Null characters are not allowed."),
        ("email", "bob@", "Enter a valid email address."),
        ("password2", "another", "The two password fields didn’t match."),
        ("password2", "", "This field is required."),
    ],
)
def test_an_error_is_shown_on_its_field(client, field, value, sentence):
    response = client.post("/register/", BOB | {field: value})
    assert sentence in " ".join(errors(response)[field])
    assert not User.objects.filter(email=BOB["email"]).exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("birthdate", "2999-01-01", "This birthdate is in the future."),
        ("birthdate", "1899-12-31", "This birthdate is before 1900."),
        ("birthdate", "yesterday", "Enter a valid date."),
        ("birthdate", "1990-02-30", "Enter a valid date."),
        ("discord_id", "bob#1234", "A Discord ID is a number of 17 to 20 digits."),
        ("discord_id", "1" * 21, "A Discord ID is a number of 17 to 20 digits."),
        ("discord_id", "١" * 18, "A Discord ID is a number of 17 to 20 digits."),
        ("zoom_id", "12345678", "A Zoom ID is a number of 9 to 11 digits."),
        ("zoom_id", "123456789\n0000", "A Zoom ID is a number of 9 to 11 digits."),
    ],
)
def test_a_wrong_extra_field_shows_its_error_and_nothing_is_stored(client, field, value, sentence):
    response = client.post("/register/", BOB | {field: value})
    if STORES_EXTRA_FIELDS:
        assert errors(response) == {field: [sentence]}
        assert not User.objects.filter(username="bob").exists()
    else:
        assert response.status_code == 302  # a disabled field is not read


def test_the_form_keeps_what_was_typed_except_the_passwords(client):
    response = client.post("/register/", BOB | {"email": "bob@"})
    for field in BOB.keys() - {"password1", "password2"}:
        if STORES_EXTRA_FIELDS or field in ("username", "email"):
            assert typed(response, field) == (BOB | {"email": "bob@"})[field]
    assert PASSWORD not in response.content.decode()


@pytest.mark.parametrize("password", ["12345678", "password", "short", "bob@example"])
def test_a_weak_password_is_refused(client, password):
    response = client.post("/register/", BOB | {"password1": password, "password2": password})
    assert "password2" in errors(response)
    assert not User.objects.filter(username="bob").exists()


@pytest.mark.parametrize("name", ["alice", "ALICE", "Alice"])
def test_a_username_that_is_taken_in_any_case_is_refused(client, alice, name):
    response = client.post("/register/", BOB | {"username": name})
    assert errors(response) == TAKEN
    assert typed(response, "username") == name
    assert not User.objects.filter(email=BOB["email"]).exists()


def test_a_taken_username_is_shown_together_with_the_other_errors(client, alice):
    wrong = {"username": "Alice", "email": "bob@", "zoom_id": "1"}
    response = client.post("/register/", BOB | wrong)
    assert errors(response).keys() == ({*wrong} if STORES_EXTRA_FIELDS else {"username", "email"})


def test_if_the_last_insert_fails_nothing_is_stored(transactional_db, client):
    """The trigger fails the INSERT of the profile row, or of the user if there is no such row."""
    table = "person" if "person" in connection.introspection.table_names() else User._meta.db_table
    rows(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'the last write fails'; END $$"
    )
    rows(f"CREATE TRIGGER refuse AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")
    try:
        client.raise_request_exception = False
        assert client.post("/register/", BOB).status_code == 500
        assert not User.objects.filter(username="bob").exists()
        assert rows("SELECT count(*) FROM django_session") == [(0,)]
    finally:
        rows("DROP FUNCTION refuse CASCADE")


def test_a_logged_in_user_is_sent_home(client, alice):
    client.force_login(alice)
    assert client.get("/register/").headers["Location"] == "/"


def test_registration_needs_the_csrf_token():
    response = Client(enforce_csrf_checks=True).post("/register/", BOB)
    assert response.status_code == 403
    assert "Please try again" in response.content.decode()
    assert not User.objects.filter(username="bob").exists()


@pytest.mark.parametrize("charset", ["rot13", "base64", "utf-7", "idna", "utf-16", "latin-1"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("address", ["/register/", "/login/", "/admin/login/"])
def test_a_form_in_another_charset_than_utf_8_is_a_bad_request(client, address, kind, charset):
    body = urlencode(BOB) if "urlencoded" in kind else encode_multipart(BOUNDARY, BOB)
    form = f"{kind}; boundary={BOUNDARY}; charset={charset}"
    response = client.generic("POST", address, body, content_type=form)
    assert response.status_code == 400
    assert "We could not finish this request" in response.content.decode()
    assert not User.objects.filter(username="bob").exists()


def test_a_username_is_normalized(client):
    client.post("/register/", BOB | {"username": "ｂｏｂ"})  # full-width letters
    assert User.objects.filter(username="bob").exists()


def test_registration_sets_last_login(client):
    client.post("/register/", BOB)
    bob = User.objects.get(username="bob")
    assert abs((bob.last_login - bob.date_joined).total_seconds()) < 60
