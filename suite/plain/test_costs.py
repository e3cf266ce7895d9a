"""What the pages cost in statements, and that none of these scans a large table."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from players import roster

from suite.adminpages import page
from suite.conftest import ALICE
from suite.evidence import Statements
from suite.outcomes import rows
from suite.plain.pages import BOB, STORES_EXTRA_FIELDS
from suite.variant import PASSWORD, VARIANT, PlayerModel, User, enrolled, enrolled_many

USERS = User._meta.db_table

# The form looks for the username regardless of case, then as it is. A constraint in Meta is checked
# by the form too, which costs custom_user one look-up more.
STORING = {
    "proxy_model": ["SELECT auth_user"] * 2 + ["INSERT auth_user"],
    "profile_onetoone": [
        *["SELECT auth_user"] * 2,
        *["INSERT auth_user", "INSERT person", "UPDATE person"],
    ],
    "custom_user": ["SELECT players_user"] * 3 + ["INSERT players_user"],
    "foreignkey": ["SELECT auth_user"] * 2 + ["INSERT auth_user", "INSERT person"],
}
# Django looks whether the new session key is free, stores the session, last_login and the message.
LOGGING_IN = [
    "SELECT django_session",
    "INSERT django_session",
    f"UPDATE {USERS}",
    "UPDATE django_session",
]
PAGES = ["/", "/profile/", "/profile/delete/", "/password_change/", "/players/"]
VISITORS_PAGES = ["/register/", "/login/", "/password_reset/"]
ADMIN_PAGES = [page("changelist"), page("add")]


@pytest.fixture
def staff(nobody_yet):
    """The browser of a superuser with extra fields, who may open every page."""
    user = enrolled("staff", **ALICE)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


def cost(action):
    with CaptureQueriesContext(connection) as ran:
        action()
    return len(ran)


def test_a_registration_runs_these_statements(transactional_db, client):
    ran = Statements()
    with connection.execute_wrapper(ran):
        client.post("/register/", BOB)
    assert ran.verbs() == STORING[VARIANT] + LOGGING_IN


def test_the_user_and_the_profile_row_are_stored_in_one_transaction(transactional_db, client):
    with CaptureQueriesContext(connection) as ran:
        client.post("/register/", BOB)
    verbs = [query["sql"].split()[0] for query in ran]
    writes = [said.split()[0] for said in STORING[VARIANT] if not said.startswith("SELECT")]
    begin = verbs.index("BEGIN")
    assert verbs[begin : begin + len(writes) + 2] == ["BEGIN", *writes, "COMMIT"]


@pytest.fixture
def large_tables(transactional_db):
    """100,000 users, each with a profile row where there are such rows, and 100,000 sessions."""
    rows(
        f"INSERT INTO {USERS} (username, password, first_name, last_name, email,"
        " is_superuser, is_staff, is_active, date_joined)"
        " SELECT 'many' || n, '', '', '', '', false, false, true, now()"
        " FROM generate_series(1, 100000) n"
    )
    if PlayerModel.__name__ == "Person":
        rows(f"INSERT INTO person (user_id) SELECT id FROM {USERS}")
    rows(
        "INSERT INTO django_session SELECT 'many' || n, '', now() + interval '1 day'"
        " FROM generate_series(1, 100000) n"
    )
    rows("ANALYZE")


def test_no_statement_scans_100_000_users(large_tables, client):
    with CaptureQueriesContext(connection) as ran:
        client.post("/register/", BOB)
        client.post("/profile/", {"zoom_id": "123456789"})
        client.get("/")
        client.post("/logout/")
        client.post("/register/", BOB | {"username": "MANY5", "email": "x"})
        client.post("/login/", {"username": "bob", "password": PASSWORD})
        client.get("/players/?after=many5")
        roster.find("many5")
        roster.page("many5")
        roster.change("many5", email="many5@example.org")
        client.post("/profile/delete/", {"password": PASSWORD})
        roster.remove("many6")
    assert roster.find("bob") is None
    verbs = ("INSERT", "SELECT", "UPDATE", "DELETE")
    statements = [query["sql"] for query in ran if query["sql"].startswith(verbs)]
    assert any("UPPER" in sql for sql in statements)
    for sql in statements:
        plan = "\n".join(line for (line,) in rows(f"EXPLAIN {sql}"))
        large = [f"Seq Scan on {table} " for table in (USERS, "person", "django_session")]
        assert not any(scan in plan for scan in large), f"{sql}\n{plan}"


@pytest.mark.parametrize("address", PAGES + VISITORS_PAGES + ADMIN_PAGES)
def test_a_page_costs_at_most_12_statements_with_5_and_with_50_users(staff, address):
    client = Client() if address in VISITORS_PAGES else staff
    costs = []
    client.get(address)  # Django remembers the content types that a first page asks for
    for number in (5, 50):
        User.objects.filter(username__startswith="player").delete()
        enrolled_many(number)
        costs.append(cost(lambda: client.get(address)))
    assert costs[0] == costs[1] <= 12


@pytest.mark.parametrize("address", ["/register/", "/login/"])
def test_an_empty_form_asks_nothing_of_the_database(client, address, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get(address).status_code == 200


def test_the_list_of_users_is_one_statement(client, alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert "alice" in client.get("/players/").content.decode()


def test_an_edit_and_a_login_take_at_most_12_statements(transactional_db, client):
    enrolled("alice", **ALICE)
    sent = {"username": "alice", "password": PASSWORD}
    assert cost(lambda: client.post("/login/", sent)) <= 12
    assert cost(lambda: client.post("/profile/", {"zoom_id": "123456789"})) <= 12
    if STORES_EXTRA_FIELDS:
        assert roster.find("alice")["zoom_id"] == "123456789"


def test_the_admin_page_of_a_user_costs_at_most_12_statements(staff, alice):
    """In foreignkey it costs the same for a user with nine profile rows."""
    if VARIANT == "foreignkey":
        for _ in range(8):
            alice.person_set.create(**ALICE)
    assert cost(lambda: staff.get(page("change", alice.pk))) <= 12
