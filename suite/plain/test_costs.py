"""What the pages cost: statements, hashes, scans."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from players import roster

from suite.conftest import ALICE
from suite.evidence import Statements
from suite.outcomes import rows
from suite.plain.pages import BOB
from suite.variant import PASSWORD, VARIANT, User, enrolled, enrolled_many

# The fewest that each approach allows: the user, its person where it has one, the session.
REGISTERING = {
    "proxy_model": ["INSERT auth_user", "INSERT django_session"],
    "profile_onetoone": ["INSERT auth_user", "INSERT person", "INSERT django_session"],
    "custom_user": ["INSERT players_user", "INSERT django_session"],
    "foreignkey": ["INSERT auth_user", "INSERT person", "INSERT django_session"],
}


def test_registering_runs_the_fewest_statements(transactional_db, client):
    ran = Statements()
    with connection.execute_wrapper(ran):
        client.post("/register/", BOB)
    assert ran.verbs() == REGISTERING[VARIANT]


def test_registering_is_one_transaction_and_the_session_one_statement(transactional_db, client):
    with CaptureQueriesContext(connection) as ran:
        client.post("/register/", BOB)
    verbs = [query["sql"].split()[0] for query in ran]
    inserts = ["INSERT"] * (len(REGISTERING[VARIANT]) - 1)
    assert verbs == ["BEGIN", *inserts, "COMMIT", "INSERT"]


def test_registering_scans_nothing_among_100_000(transactional_db, client):
    """Every statement of a registration, and the look for a taken name that an error brings."""
    rows(
        f"INSERT INTO {User._meta.db_table}"
        " (username, password, first_name, last_name, email, is_superuser, is_staff, is_active,"
        " date_joined) SELECT 'many' || n, '', '', '', '', false, false, true, now()"
        " FROM generate_series(1, 100000) n"
    )
    rows(
        "INSERT INTO django_session SELECT 'many' || n, '', now() + interval '1 day'"
        " FROM generate_series(1, 100000) n"
    )
    rows("ANALYZE")
    with CaptureQueriesContext(connection) as ran:
        client.post("/register/", BOB)
        client.post("/logout/")
        client.post("/register/", BOB | {"username": "MANY5", "email": "x"})
    statements = [query["sql"] for query in ran if query["sql"].startswith(("INSERT", "SELECT"))]
    assert any("UPPER" in sql for sql in statements)
    for sql in statements:
        plan = "\n".join(line for (line,) in rows(f"EXPLAIN {sql}"))
        assert "Seq Scan" not in plan, f"{sql}\n{plan}"


@pytest.mark.parametrize("page", ["/", "/register/", "/login/", "/players/", "/profile/"])
def test_a_page_takes_at_most_12_statements(client, alice, page):
    if page != "/register/" and page != "/login/":
        client.force_login(alice)
    with CaptureQueriesContext(connection) as ran:
        assert client.get(page).status_code == 200
    assert len(ran) <= 12


@pytest.mark.parametrize("page", ["/register/", "/login/"])
def test_a_visitors_form_asks_nothing_of_the_database(client, page, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(page)


def test_an_edit_and_a_login_take_at_most_12_statements(transactional_db, client):
    enrolled("alice", **ALICE)
    with CaptureQueriesContext(connection) as login:
        client.post("/login/", {"username": "alice", "password": PASSWORD})
    with CaptureQueriesContext(connection) as edit:
        client.post("/profile/", {"email": "a@example.org"})
    assert max(len(login), len(edit)) <= 12
    assert roster.find("alice")["email"] == "a@example.org"


def test_a_list_of_fifty_costs_what_a_list_of_five_costs(nobody_yet, client):
    costs = []
    for number in (5, 50):
        User.objects.all().delete()
        enrolled_many(number)
        with CaptureQueriesContext(connection) as ran:
            client.get("/players/")
        costs.append(len(ran))
    assert costs[0] == costs[1] == 1
