"""Requests at the same time: none fails, none undoes another, none reports what did not happen."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count

import pytest
from django.db import connection, transaction
from django.dispatch import Signal
from django.test import Client, signals
from players import roster

from suite.adminpages import filled, page
from suite.outcomes import rows
from suite.plain.pages import BOB, STORES_EXTRA_FIELDS
from suite.sessions import at_the_same_moment, session
from suite.variant import PASSWORD, PlayerModel, User, enrolled, without_row

pytestmark = pytest.mark.usefixtures("transactional_db", "nobody_yet")

USERS = User._meta.db_table
# Each thread has a connection. PostgreSQL allows 100, and the four variants run side by side.
THREADS = 16
NEW_PASSWORD = "The dragon wakes at 7"
TAKEN = re.compile(r'id="id_username_error"><li>A user with that username already exists\.<')
WELCOME = "You are registered."
SAVED = "Your profile is saved."
GONE = "Nothing was changed: this account does not exist any more."
LOG_IN = "<h1>Log in</h1>"
NOT_ALLOWED = "405"  # proxy_model has nothing to edit


def at_once(actions, table=None):
    """Run each action in a thread and with a connection of its own. Return the results, in order.

    With a table, the first statement of each action that locks or writes its rows has to wait
    until all actions have come so far.
    """

    def run(action):
        try:
            return action()
        finally:
            connection.close()

    with (
        pytest.MonkeyPatch.context() as patch,
        ThreadPoolExecutor(len(actions)) as pool,
        transaction.atomic(),
    ):
        # Else each client collects the contexts of all threads, which takes most of the time.
        patch.setattr(signals, "template_rendered", Signal())
        if table:
            rows(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        running = [pool.submit(run, action) for action in actions]
        while table and waiting_for(table) < len(actions):
            assert not any(action.done() for action in running)
            time.sleep(0.01)
    return [action.result() for action in running]


def waiting_for(table):
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
    return rows(waiting, [table])[0][0]


def browser(user=None):
    """A client that gets the error page, as a visitor does, instead of the exception."""
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


def sent(client, address, data):
    """Send a form, follow the redirects and return the page as text.

    The text is all that counts here: the client mixes the contexts of threads.
    """
    response = client.post(address, data, follow=True)
    assert response.status_code == 200, f"{response.status_code} {response.request['PATH_INFO']}"
    return response.content.decode()


def register(username):
    return sent(browser(), "/register/", BOB | {"username": username})


def edit(client, zoom_id):
    """Save the profile page. Return what the next page says: SAVED, GONE or LOG_IN."""
    if not STORES_EXTRA_FIELDS and client.post("/profile/").status_code == 405:
        return NOT_ALLOWED
    text = sent(client, "/profile/", {"zoom_id": zoom_id})
    return next(said for said in (SAVED, GONE, LOG_IN) if said in text)


def delete_by_page(client):
    text = sent(client, "/profile/delete/", {"password": PASSWORD})
    return "The account alice and its profile are deleted." in text


def delete_by_roster(client):
    return roster.remove("alice")


def delete_by_orm(client):
    deleted, _ = User.objects.filter(username="alice").delete()
    return deleted > 0


# How to create alice and how to delete her. Each deletion returns whether it deleted her.
WITH_ROW, WITHOUT_ROW = enrolled, without_row
DELETIONS = [
    (create, delete)
    for create in (WITH_ROW, WITHOUT_ROW)
    for delete in (delete_by_page, delete_by_roster, delete_by_orm)
]
# A plain user.delete() takes no lock. In the two profile variants the foreign key makes it fail
# if the user gets a first profile row meanwhile.
SAFE_DELETIONS = [pair for pair in DELETIONS if pair != (WITHOUT_ROW, delete_by_orm)]


@pytest.fixture
def log():
    """A function that returns the Zoom IDs that were stored and the number of deleted users."""
    rows(f"""
        CREATE TABLE log (zoom_id text, deleted text);
        CREATE FUNCTION log_edit() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO log (zoom_id) VALUES (NEW.zoom_id); RETURN NULL; END $$;
        CREATE FUNCTION log_deletion() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO log (deleted) VALUES (OLD.username); RETURN NULL; END $$;
        CREATE TRIGGER log AFTER DELETE ON {USERS} FOR EACH ROW EXECUTE FUNCTION log_deletion()
    """)
    if STORES_EXTRA_FIELDS:
        table = PlayerModel._meta.db_table
        rows(
            f"CREATE TRIGGER log_edit AFTER INSERT OR UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION log_edit()"
        )

    def logged():
        stored = rows("SELECT zoom_id FROM log WHERE zoom_id IS NOT NULL")
        [(deleted,)] = rows("SELECT count(deleted) FROM log")
        return {zoom_id for (zoom_id,) in stored}, deleted

    yield logged
    rows("DROP TABLE log; DROP FUNCTION log_edit, log_deletion CASCADE")


@contextmanager
def before_statement(number, action):
    """Run the action in another session before the statement of this number, or until it waits.

    Yield the list of the statements that have run.
    """
    ran = []
    with session() as other:

        def note(execute, sql, params, many, context):
            if len(ran) == number:
                other.start(action)
                other.is_waiting()
            ran.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            yield ran
        if other.running:
            other.finish()


def errors_if_the_name_is_taken_meanwhile(send):
    """Send a form with a new username many times. Each time someone else takes the name meanwhile.

    They take it before the first statement of the request, then before the second, and so on, last
    before the statement that stores the name. Returns how often the page showed the error on the
    field, and how many requests there were.
    """
    shown = 0
    for number in count():
        username = f"bob{number}"
        takes_it = partial(roster.register, username.upper(), PASSWORD)
        with before_statement(number, takes_it) as ran:
            text = send(username)
        shown += TAKEN.search(text) is not None
        assert User.objects.filter(username__iexact=username).count() == 1
        if re.match(f'(INSERT INTO|UPDATE) "{USERS}"', ran[number]):
            return shown, number + 1


def test_200_registrations_of_one_username_leave_one_account():
    """Sixteen threads send them. All have checked their first name before PostgreSQL stores one."""
    numbers = count()

    def registrations():
        names = [mixed_case("carolina", next(numbers)) for _ in range(13)]
        return [register(name) for name in names]

    pages = [page for pages in at_once([registrations] * THREADS, USERS) for page in pages]
    assert len(pages) == 208
    assert sum(WELCOME in page for page in pages) == 1
    assert sum(bool(TAKEN.search(page)) for page in pages) == 207
    assert User.objects.filter(username__iexact="carolina").count() == 1


def mixed_case(name, number):
    """The bits of the number say which letters are capitals."""
    return "".join(c.upper() if number >> i & 1 else c for i, c in enumerate(name))


def test_a_lost_race_for_a_username_shows_the_error_on_the_field():
    shown, requests = errors_if_the_name_is_taken_meanwhile(register)
    assert shown == requests >= 3


@pytest.mark.parametrize("names", [("carol", "carol"), ("carol", "CAROL")])
def test_of_two_registrations_at_the_same_time_one_gets_the_username(names):
    first, second = (lambda name=name: register(name) for name in names)
    race = at_the_same_moment(first, second)
    assert race.second_waited
    assert WELCOME in race.first
    assert TAKEN.search(race.second)
    assert User.objects.filter(username__iexact="carol").count() == 1


def test_in_the_admin_a_lost_race_shows_the_error_when_a_user_is_added(admin_client):
    form = filled(admin_client.get(page("add"))) | {"password1": PASSWORD, "password2": PASSWORD}
    shown, requests = errors_if_the_name_is_taken_meanwhile(
        lambda name: sent(admin_client, page("add"), form | {"username": name})
    )
    assert shown == requests >= 5


def test_in_the_admin_a_lost_race_shows_the_error_when_a_user_is_renamed(admin_client):
    address = page("change", enrolled("alice").pk)
    form = filled(admin_client.get(address))
    shown, requests = errors_if_the_name_is_taken_meanwhile(
        lambda name: sent(admin_client, address, form | {"username": name})
    )
    assert shown == requests >= 5
    assert roster.find("alice")


@pytest.mark.parametrize("create", [WITH_ROW, WITHOUT_ROW])
def test_50_edits_of_one_profile_are_all_stored(log, create):
    alice = create("alice")
    zoom_ids = [str(100000000 + number) for number in range(THREADS * 4)]

    def edits(client, number):
        return [edit(client, zoom_id) for zoom_id in zoom_ids[number::THREADS]]

    table = PlayerModel._meta.db_table if STORES_EXTRA_FIELDS else None
    said = at_once([partial(edits, browser(alice), number) for number in range(THREADS)], table)
    assert said == [[SAVED if STORES_EXTRA_FIELDS else NOT_ALLOWED] * 4] * THREADS
    stored, _ = log()
    assert stored == set(zoom_ids if STORES_EXTRA_FIELDS else [])
    assert PlayerModel.objects.count() == 1


@pytest.mark.parametrize(("create", "delete"), SAFE_DELETIONS)
def test_edits_and_deletions_at_the_same_time_report_what_they_did(log, create, delete):
    """In each of three rounds two deletions run beside seven edits."""
    said = {}
    for start in (100000000, 200000000, 300000000):
        alice = create("alice")
        actions = {str(start + n): partial(edit, browser(alice), str(start + n)) for n in range(9)}
        for number in (2, 6):
            actions[str(start + number)] = partial(delete, browser(alice))
        said |= dict(zip(actions, at_once(actions.values()), strict=True))
        assert roster.find("alice") is None
    stored, deleted = log()
    assert {zoom_id for zoom_id, what in said.items() if what == SAVED} == stored
    assert list(said.values()).count(True) == deleted == 3
    assert not PlayerModel.objects.exists()


@pytest.mark.parametrize(("create", "delete"), DELETIONS)
def test_an_edit_that_waits_for_a_deletion_reports_that_the_account_is_gone(create, delete):
    alice = create("alice")
    one, other = browser(alice), browser(alice)
    race = at_the_same_moment(lambda: delete(one), lambda: edit(other, "100000000"))
    assert race.first is True
    assert race.second == (GONE if STORES_EXTRA_FIELDS else NOT_ALLOWED)
    assert race.second_waited == STORES_EXTRA_FIELDS
    assert not User.objects.exists()


@pytest.mark.parametrize(("create", "delete"), SAFE_DELETIONS)
def test_a_deletion_that_waits_for_an_edit_deletes_the_edited_profile(create, delete):
    alice = create("alice")
    one, other = browser(alice), browser(alice)
    race = at_the_same_moment(lambda: edit(one, "100000000"), lambda: delete(other))
    assert race.first == (SAVED if STORES_EXTRA_FIELDS else NOT_ALLOWED)
    assert race.second is True
    assert race.second_waited == STORES_EXTRA_FIELDS
    assert not User.objects.exists()
    assert not PlayerModel.objects.exists()


@pytest.mark.parametrize(("create", "delete"), DELETIONS)
def test_of_two_deletions_only_one_reports_a_deletion(create, delete):
    alice = create("alice")
    one, other = browser(alice), browser(alice)
    race = at_the_same_moment(
        lambda: delete(one), lambda: sent(other, "/profile/delete/", {"password": PASSWORD})
    )
    assert race.first is True
    assert race.second_waited
    assert GONE in race.second


def test_an_edit_that_waits_for_a_renaming_changes_the_same_user():
    """The old username belongs to someone else by then."""
    alice = enrolled("alice")

    def rename():
        User.objects.filter(pk=alice.pk).update(username="alicia")
        enrolled("alice")

    client = browser(alice)
    race = at_the_same_moment(rename, lambda: edit(client, "100000000"))
    assert race.second == (SAVED if STORES_EXTRA_FIELDS else NOT_ALLOWED)
    assert roster.find("alice").get("zoom_id") is None
    if STORES_EXTRA_FIELDS:
        assert roster.find("alicia")["zoom_id"] == "100000000"


def test_a_deletion_that_waits_for_a_renaming_names_the_user_that_it_deleted():
    alice = enrolled("alice")
    client = browser(alice)
    race = at_the_same_moment(
        lambda: User.objects.filter(pk=alice.pk).update(username="alicia"),
        lambda: sent(client, "/profile/delete/", {"password": PASSWORD}),
    )
    assert "The account alicia and its profile are deleted." in race.second
    assert not User.objects.exists()


def test_a_browser_that_logs_out_during_an_edit_is_told_what_was_stored():
    """Django answers 400 if a session ends during a request, although the edit is stored."""
    alice = enrolled("alice")
    client, same_browser = browser(alice), browser()
    same_browser.cookies = client.cookies.copy()

    def log_out():
        roster.change(
            "alice", **({"zoom_id": "1"} if STORES_EXTRA_FIELDS else {"email": "a@x.org"})
        )
        return same_browser.post("/logout/").status_code

    race = at_the_same_moment(log_out, lambda: client.post("/profile/", {"zoom_id": "100000000"}))
    assert race.first == 302
    assert race.second.status_code == (400 if STORES_EXTRA_FIELDS else 405)
    if STORES_EXTRA_FIELDS:
        assert SAVED in race.second.content.decode()
        assert "Nothing was changed" not in race.second.content.decode()
        assert roster.find("alice")["zoom_id"] == "100000000"


def change_password(client):
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    return sent(client, "/password_change/", {"old_password": PASSWORD, **new})


def has_new_password(username):
    return User.objects.get(username=username).check_password(NEW_PASSWORD)


@pytest.mark.parametrize("create", [WITH_ROW, WITHOUT_ROW])
def test_an_edit_does_not_undo_a_new_password(create):
    alice = create("alice")
    one, other = browser(alice), browser(alice)
    race = at_the_same_moment(lambda: change_password(one), lambda: edit(other, "100000000"))
    assert "Your new password is valid from now on." in race.first
    if STORES_EXTRA_FIELDS:
        assert race.second in (SAVED, LOG_IN)  # a new password logs the other browser out
        assert roster.find("alice")["zoom_id"] == "100000000"
    assert has_new_password("alice")


@pytest.mark.parametrize("number", range(6))
def test_a_new_password_does_not_undo_an_edit(number):
    alice = enrolled("alice")
    edit = {"zoom_id": "100000000"} if STORES_EXTRA_FIELDS else {"email": "alice@example.org"}
    client = browser(alice)
    with before_statement(number, partial(roster.change, "alice", **edit)) as ran:
        shown = change_password(client)
    assert len(ran) > number
    assert "Your new password is valid from now on." in shown
    assert roster.find("alice").items() >= edit.items()
    assert has_new_password("alice")


def test_a_new_password_does_not_create_a_deleted_user_again():
    alice = enrolled("alice")
    one, other = browser(alice), browser(alice)
    race = at_the_same_moment(lambda: delete_by_page(one), lambda: change_password(other))
    assert race.first is True
    assert race.second_waited
    assert GONE in race.second
    assert not User.objects.exists()


def test_edits_at_the_same_time_do_not_undo_a_new_password():
    for name in ("alice", "bob", "carol"):
        user = enrolled(name)
        actions = [partial(edit, browser(user), str(100000000 + n)) for n in range(THREADS)]
        actions[5] = partial(change_password, browser(user))
        assert "Your new password is valid from now on." in at_once(actions)[5]
        assert has_new_password(name)


def test_in_the_admin_an_edit_does_not_undo_a_new_password(admin_client):
    alice = enrolled("alice")
    client = browser(alice)
    address = page("change", alice.pk)
    form = filled(admin_client.get(address)) | {"email": "alice@example.org"}
    race = at_the_same_moment(
        lambda: change_password(client), lambda: sent(admin_client, address, form)
    )
    assert race.second_waited
    assert roster.find("alice")["email"] == "alice@example.org"
    assert has_new_password("alice")


def test_in_the_admin_an_edit_does_not_create_a_deleted_user_again(admin_client):
    address = page("change", enrolled("alice").pk)
    form = filled(admin_client.get(address)) | {"email": "alice@example.org"}
    race = at_the_same_moment(
        lambda: roster.remove("alice"), lambda: sent(admin_client, address, form)
    )
    assert race.second_waited
    assert "Perhaps it was deleted?" in race.second
    assert roster.find("alice") is None


def test_in_the_admin_a_deletion_meets_a_first_profile_row_before_any_statement(admin_client):
    """Another request saves the profile page of the selected user, who had no profile row."""
    for number in count():
        alice = without_row("alice")
        sent_by_staff = {"action": "delete_selected", "_selected_action": alice.pk, "post": "yes"}
        with before_statement(number, partial(edit, browser(alice), "100000000")) as ran:
            response = admin_client.post(page("changelist"), sent_by_staff)
        assert response.status_code == 302
        assert roster.find("alice") is None
        assert not PlayerModel.objects.filter(pk=alice.pk).exists()
        if len(ran) <= number:
            assert number > 5
            return


def test_two_changes_by_the_roster_are_both_kept_and_leave_one_profile_row():
    without_row("alice")
    one, other = {"email": "alice@example.org"}, {"email": "alice@example.com"}
    if STORES_EXTRA_FIELDS:
        one, other = {"zoom_id": "100000000"}, {"discord_id": "200000000000000002"}
    race = at_the_same_moment(
        lambda: roster.change("alice", **one), lambda: roster.change("alice", **other)
    )
    assert (race.first, race.second, race.second_waited) == (True, True, True)
    assert roster.find("alice").items() >= (one | other).items()
    assert PlayerModel.objects.count() == 1
