"""The checks are checked: each deliberate fault in a migration is caught, and not by Django."""

import pytest
from moving import Databases, Faulty
from sabotages import SABOTAGES
from sample import sample

from workbench.move import run
from workbench.move.moves import move

# what catches each; tests/faults.py makes them
CAUGHT = {
    "copy_forgotten": ["extra fields"],
    "two_columns_swapped": ["extra fields"],
    "copied_by_the_order_of_rows": ["extra fields"],
    "users_without_a_person_lost": ["users"],
    "permission_escalated": ["permissions"],
    "persons_content_type_left_behind": ["generic relations"],
    "users_content_type_left_behind": ["permissions", "log entries", "generic relations"],
    "names_not_aligned": ["schema"],
    "key_left_an_integer": ["schema"],
    "sequence_set_back": ["sequences"],
    "foreign_key_of_another_app_lost": ["schema"],
    "passwords_made_unusable": ["users", "logins and open sessions"],
    "groups_lost": ["rows of users_groups"],
    "log_cleared": ["log entries"],
    "everybody_logged_out": ["sessions", "contents of sessions", "logins and open sessions"],
    "only_the_first_sessions_renamed": ["contents of sessions"],
    "trigger_left_behind": ["schema"],
    "keys_not_translated": ["generic relations"],
    "oldest_row_taken": ["extra fields"],
    "other_rows_thrown_away": ["profile rows"],
    "extras_thrown_away": ["extra fields"],
    "backend_left_in_the_sessions": ["logins and open sessions"],
    "proxys_permissions_dropped": ["permissions"],
}
# one for each check
SAMPLE = [
    "copy_forgotten",
    "users_without_a_person_lost",
    "permission_escalated",
    "persons_content_type_left_behind",
    "names_not_aligned",
    "sequence_set_back",
    "groups_lost",
    "log_cleared",
    "everybody_logged_out",
    "other_rows_thrown_away",
    "backend_left_in_the_sessions",
]
WHERE = {
    "keys_not_translated": ("foreignkey", "custom_user"),
    "oldest_row_taken": ("foreignkey", "custom_user"),
    "other_rows_thrown_away": ("foreignkey", "custom_user"),
    "extras_thrown_away": ("profile_onetoone", "proxy_model"),
    "backend_left_in_the_sessions": ("proxy_model", "profile_onetoone"),
    "only_the_first_sessions_renamed": ("proxy_model", "profile_onetoone"),
    "proxys_permissions_dropped": ("proxy_model", "profile_onetoone"),
}
# of rows, of tables, of sequences, of what is left behind; forward and back
SABOTAGES_SAMPLE = [
    "archive_emptied",
    "people_made_up_on_the_way_back",
    "owner_changed",
]


@pytest.fixture(scope="module")
def databases(server):
    return Databases(server)


def test_each_check_has_a_fault_that_it_catches():
    checks = {check for caught in CAUGHT.values() for check in caught}
    assert {check for fault in SAMPLE for check in CAUGHT[fault]} == checks


@pytest.mark.parametrize("fault", sample(CAUGHT, SAMPLE))
def test_a_fault_is_caught(databases, fault):
    source, target = WHERE.get(fault, ("profile_onetoone", "custom_user"))
    it = move(source, target)
    with databases.copy(databases.template(source)) as name:
        moving = databases.moving(name, source, target, code=Faulty, fault=fault)
        ride = run.forward(databases.server, it, name, "newest", moving=moving)
        caught = {check.name for check in ride.checks if check.wrong}
        assert caught >= set(CAUGHT[fault]), ride.wrong
        assert moving.do(("has_nothing_to_migrate", {}))["has_nothing_to_migrate"] == ""


@pytest.mark.parametrize("name", sample(SABOTAGES, SABOTAGES_SAMPLE))
def test_a_statement_that_does_not_belong_to_the_move_is_caught(databases, name):
    pair, direction, _, checks = SABOTAGES[name]
    it, server = move(*pair), databases.server
    with databases.copy(databases.template(pair[0])) as database:
        moving = databases.moving(database, *pair, code=Faulty, fault=name)
        ride = run.forward(server, it, database, "newest", moving=moving)
        if direction == "back":
            assert ride.wrong == []
            ride = run.backward(server, it, database, "newest", moving=moving)
        assert {check.name for check in ride.checks if check.wrong} >= set(checks), ride.wrong
