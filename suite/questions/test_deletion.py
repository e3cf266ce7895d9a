"""Deletion"""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connection, models, transaction
from django.db.models.signals import post_delete
from django.urls import reverse
from players import roster

from suite.article import article_signal
from suite.compare import ANYTHING_ELSE, CANNOT, code, compare, docs
from suite.conftest import ALICE
from suite.evidence import evidence
from suite.outcomes import heard, outcome, rows, saw, tables
from suite.sessions import said, session
from suite.variant import (
    PASSWORD,
    PlayerModel,
    User,
    enrolled,
    enrolled_many,
    extras_class,
    extras_of,
    person_class,
    without_row,
)

TABLE = User._meta.db_table
ON_DELETE = docs("Model field reference", "Arguments") + ", ForeignKey.on_delete"


def when_refused(action):
    """Run `action` in its own transaction, and return whether and when PostgreSQL rejects it."""
    moment = "at once"
    try:
        with transaction.atomic():
            action()
            moment = "at COMMIT"
    except IntegrityError as error:
        evidence.add("error", f"{type(error).__name__}: {error}")
        return f"refused {moment}"
    return "accepted"


def link():
    """Return the profile's field `user`. Its on_delete changes nothing in the database."""
    return person_class()._meta.get_field("user")


def checks_of_the_link():
    return [saw(error).id for error in link().check()]


def cascade_in_the_database():
    """Give the profile's foreign key ON DELETE CASCADE in PostgreSQL."""
    table = person_class()._meta.db_table
    (key,) = tables()[table].foreign_keys
    definition = key.definition.replace(" DEFER", " ON DELETE CASCADE DEFER", 1)
    rows("SET CONSTRAINTS ALL IMMEDIATE")  # no ALTER TABLE while a check is pending
    rows(f"""
        ALTER TABLE {table} DROP CONSTRAINT {key.name}, ADD CONSTRAINT {key.name} {definition}
    """)


def statements_to_delete(user, statements):
    statements.clear()
    user.delete()
    return len(statements)


def shows_birthdate(user):
    """Return whether the birthdate can be read, from memory or from the database."""
    try:
        return extras_of(user).birthdate == ALICE["birthdate"]
    except (ObjectDoesNotExist, IndexError):
        return False


def deletion_while(store, delete):
    """Run `delete` while another session has not committed `store`. Return how both end."""
    with session() as storing, session() as deleting:
        storing.begin()
        storing.do(store)
        deleting.start(lambda: said(delete))
        waits = "waits" if deleting.is_waiting() else "does not wait"
        ends = {"the extra fields": said(storing.commit), "the deletion": deleting.finish()}
    rejected = [what for what, end in ends.items() if isinstance(end, Exception)]
    return f"the deletion {waits}; rejected: {', '.join(rejected) or 'nothing'}"


@compare(
    proxy_model=4,
    profile_onetoone=5,
    custom_user=4,
    foreignkey=5,
    so_what=(
        "With a profile table, user.delete() runs one more statement, because Django deletes "
        "related rows table by table. This is no reason to choose an approach."
    ),
    source=docs("Making queries", "Deleting objects"),
)
def test_statements_to_delete_a_user(alice, statements):
    """How many statements does user.delete() run?"""
    return statements_to_delete(alice, statements)


@compare(
    proxy_model={"auth.User": 1},
    profile_onetoone={"auth.User": 1, "players.Person": 1},
    custom_user={"players.User": 1},
    foreignkey={"auth.User": 1, "players.Person": 1},
    mark="known",
    so_what=(
        "Do not show the number that delete() returns as a number of users. It counts the deleted "
        "rows of all tables, and a profile row counts too."
    ),
    source=docs("QuerySet API reference", "delete()"),
)
def test_what_delete_says_it_deleted(alice):
    """Which rows does user.delete() report as deleted?"""
    _, deleted = alice.delete()
    return deleted


@compare(
    proxy_model="accepted",
    profile_onetoone="refused at COMMIT",
    custom_user="accepted",
    foreignkey="refused at COMMIT",
    mark="surprising",
    so_what=(
        "In SQL, first delete the rows that refer to the user: profile, groups, permissions and "
        "admin log. models.CASCADE adds no cascade to PostgreSQL."
    ),
    source=ON_DELETE,
    fits=["accepted"],
    costs=ANYTHING_ELSE,
    top=True,
)
def test_deleting_a_user_by_sql(transactional_db, alice):
    """A user is in no group, and has a profile row if the variant uses profiles. What does
    PostgreSQL do when SQL deletes the user's row?"""
    return when_refused(lambda: rows(f"DELETE FROM {TABLE} WHERE username = 'alice'"))


@compare(
    proxy_model="accepted",
    profile_onetoone="refused at COMMIT",
    custom_user="accepted",
    foreignkey="refused at COMMIT",
    so_what=(
        "Use delete() instead of _raw_delete(), which skips signals and Django's cascade. "
        "PostgreSQL refuses _raw_delete() of a user with a profile row."
    ),
    source=code("django.db.models.query.QuerySet._raw_delete"),
)
def test_raw_delete_of_a_user(transactional_db, alice):
    """What does PostgreSQL do when the private method QuerySet._raw_delete() deletes a user?"""
    users = User.objects.filter(pk=alice.pk)
    return when_refused(lambda: users._raw_delete(users.db))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    so_what=(
        "You can delete a profile and keep the account. On a custom user, set the extra fields to "
        "NULL instead, because deleting the row deletes the account."
    ),
    fits=[True],
    costs=[False],
)
def test_login_after_the_extras_row_is_deleted(client, alice):
    """You delete the row that holds a user's extra fields. Can the user still log in?"""
    extras_class()
    extras_of(alice).delete()
    return client.login(username="alice", password=PASSWORD)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["fields.E320"],
    custom_user=CANNOT,
    foreignkey=["fields.E320"],
    so_what=(
        "SET_NULL needs null=True on the relation. A primary key cannot be NULL, so a profile "
        "that should outlive its user needs its own primary key."
    ),
    source=docs("System check framework", "Related fields") + ", fields.E320",
)
def test_set_null_on_the_link(monkeypatch):
    """The profile's relation to the user has on_delete=SET_NULL, but not null=True. Which errors do
    Django's checks report?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.SET_NULL)
    return checks_of_the_link()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["fields.E007"],
    custom_user=CANNOT,
    foreignkey=[],
    so_what=(
        "If a profile should outlive its user, give the profile its own primary key. A "
        "OneToOneField that is the primary key cannot be NULL."
    ),
    source=docs("System check framework", "Model fields") + ", fields.E007",
)
def test_set_null_on_a_nullable_link(monkeypatch):
    """The profile's relation to the user has on_delete=SET_NULL and null=True. Which errors do
    Django's checks report?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.SET_NULL)
    monkeypatch.setattr(link(), "null", True)
    return checks_of_the_link()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="ProtectedError",
    custom_user=CANNOT,
    foreignkey="ProtectedError",
    so_what=(
        "With on_delete=PROTECT, delete the profile first, then the user. Changing CASCADE to "
        "PROTECT runs no SQL, because Django applies both in Python."
    ),
    source=ON_DELETE,
)
def test_deleting_a_user_with_protected_extras(monkeypatch, alice):
    """The profile's relation to the user has on_delete=PROTECT. What does user.delete() raise?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.PROTECT)
    return outcome(alice.delete)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="refused at COMMIT",
    custom_user=CANNOT,
    foreignkey="refused at COMMIT",
    mark="surprising",
    so_what=(
        "Replace the DO_NOTHING that inspectdb writes by CASCADE, unless PostgreSQL has ON DELETE "
        "CASCADE. Otherwise PostgreSQL refuses to delete a user who has a profile row."
    ),
    source=ON_DELETE,
)
def test_deleting_a_user_with_do_nothing(transactional_db, monkeypatch, alice):
    """The profile's relation to the user has on_delete=DO_NOTHING, as inspectdb writes. What does
    PostgreSQL do when user.delete() runs?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.DO_NOTHING)
    return when_refused(alice.delete)


@compare(
    proxy_model=5,
    profile_onetoone=6,
    custom_user=5,
    foreignkey=6,
    so_what=(
        "To delete many users, call delete() on a queryset. 100 users cost one statement more "
        "than user.delete(), and each further 100 at least one DELETE more."
    ),
    source=docs("QuerySet API reference", "delete()"),
)
def test_statements_to_delete_a_hundred_users(statements):
    """How many statements does delete() on a queryset of 100 users run?"""
    enrolled_many(100)
    statements.clear()
    User.objects.filter(username__startswith="player").delete()
    return len(statements)


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    so_what=(
        "Deleting all objects of a proxy or a custom user deletes all accounts, staff included. "
        "Deleting all profiles keeps the accounts."
    ),
    source=docs("Models", "Proxy models"),
)
def test_accounts_left_after_deleting_the_listed_class(alice):
    """Does a user survive objects.all().delete() on the variant's own model (Player, Person or
    User)?"""
    PlayerModel.objects.all().delete()
    return User.objects.filter(pk=alice.pk).exists()


@compare(
    proxy_model=["players.Player"],
    profile_onetoone=["players.Person"],
    custom_user=["players.User"],
    foreignkey=["players.Person"],
    mark="surprising",
    so_what=(
        "If a receiver of post_delete has sender=User, connect it to the proxy as well. Deleting "
        "a Player object sends post_delete with the proxy as sender."
    ),
    source=docs("Signals", "post_delete"),
)
def test_senders_of_post_delete_through_the_listed_class(alice):
    """You delete an object of the variant's own model (Player, Person or User). Which model sends
    post_delete?"""
    with heard(post_delete) as senders:
        PlayerModel.objects.filter(pk=extras_of(alice).pk).delete()
    return senders


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what=(
        "You need not end the sessions of a deleted account. Each request looks up the user by the "
        "id in the session, and finds none."
    ),
    source=docs("django.contrib.auth", "Utility functions") + ", get_user()",
)
def test_deleted_user_is_still_logged_in(client, alice):
    """The account of a logged-in user is deleted. Is the user still logged in at the next
    request?"""
    client.force_login(alice)
    assert client.get(reverse("profile")).status_code == 200
    roster.remove("alice")
    return client.get(reverse("profile")).status_code == 200


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    mark="surprising",
    so_what=(
        "A session row has no foreign key to its user, so the row stays. Run clearsessions "
        "regularly to delete the rows of expired sessions."
    ),
    source=docs("How to use sessions", "Clearing the session store"),
)
def test_session_rows_left_by_a_deleted_user(client, alice):
    """The account of a logged-in user is deleted. How many rows of the user's session are left in
    the database?"""
    client.force_login(alice)
    roster.remove("alice")
    return Session.objects.filter(pk=client.session.session_key).count()


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "Deleting a staff account also deletes the history of its changes. To keep the history, "
        "set is_active=False instead."
    ),
    source=code("django.contrib.admin.models.LogEntry"),
)
def test_admin_history_of_a_deleted_user(alice):
    """A staff user changes an object in the admin. Then the staff user is deleted. Does the admin's
    history keep the change?"""
    LogEntry.objects.create(user=alice, action_flag=CHANGE, object_repr="the dragon")
    alice.delete()
    return LogEntry.objects.filter(object_repr="the dragon").exists()


@compare(
    proxy_model="NotSupportedError",
    profile_onetoone="NotSupportedError",
    custom_user="NotSupportedError",
    foreignkey="NotSupportedError",
    so_what=(
        "Use DELETE to empty the user table. Without CASCADE, PostgreSQL refuses to truncate a "
        "table that other tables refer to by foreign keys, even if those are empty."
    ),
    source="PostgreSQL 18 docs, TRUNCATE",
)
def test_truncate_of_the_user_table():
    """What does Django raise if you run TRUNCATE, without CASCADE, on the user table?"""
    return outcome(lambda: rows(f"TRUNCATE {TABLE}"))


@compare(
    proxy_model=["auth_user_groups", "auth_user_user_permissions", "django_admin_log"],
    profile_onetoone=[
        "auth_user_groups",
        "auth_user_user_permissions",
        "django_admin_log",
        "person",
    ],
    custom_user=["django_admin_log", "players_user_groups", "players_user_user_permissions"],
    foreignkey=["auth_user_groups", "auth_user_user_permissions", "django_admin_log", "person"],
    so_what=(
        "Use DELETE to remove users. TRUNCATE ... CASCADE also empties each table that refers to "
        "users, such as the admin's log."
    ),
    source="PostgreSQL 18 docs, TRUNCATE",
)
def test_tables_emptied_by_truncate_cascade():
    """You run TRUNCATE ... CASCADE on the user table. Which other tables does it empty?"""
    emptied, server = [], connection.connection

    def note(notice):
        emptied.append(saw(notice.message_primary).split('"')[1])

    server.add_notice_handler(note)
    rows(f"TRUNCATE {TABLE} CASCADE")
    server.remove_notice_handler(note)
    return sorted(emptied)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=False,
    so_what=(
        "user.person keeps a deleted profile in memory. Call user.refresh_from_db() before you "
        "read user.person again."
    ),
    source=docs("Database access optimization", "Understand cached attributes"),
)
def test_deleted_person_is_still_seen_on_the_user(alice):
    """You read a user's profile, then delete the profile. Does the same user object still show the
    birthdate?"""
    person_class()
    extras_of(alice).delete()
    return shows_birthdate(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user=CANNOT,
    foreignkey="accepted",
    mark="surprising",
    fits=["accepted"],
    fails=["IntegrityError"],
    so_what=(
        "The user object keeps the deleted profile, whose key is now None, and the receiver saves "
        "it. Do not save profiles in a receiver of the user."
    ),
    source=docs("Model instance reference", "Deleting objects"),
)
def test_saving_a_user_whose_profile_was_deleted(alice):
    """A post_save receiver saves user.person. Code deletes user.person, then saves the same user.
    What happens?"""
    person_class()
    with article_signal():
        extras_of(alice).delete()
        return outcome(alice.save)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="the deletion does not wait; rejected: the extra fields",
    custom_user="the deletion waits; rejected: nothing",
    foreignkey="the deletion does not wait; rejected: the extra fields",
    mark="surprising",
    so_what=(
        "Before you create a profile row, lock the user with select_for_update(no_key=True). "
        "Otherwise a deletion does not wait, and the deferred foreign key rejects the profile at "
        "COMMIT."
    ),
    source="PostgreSQL 18 docs, SET CONSTRAINTS",
    fits=["the deletion waits; rejected: nothing"],
    costs=ANYTHING_ELSE,
)
def test_deleting_a_user_while_first_extras_are_stored(transactional_db):
    """Transaction 1 stored a birthdate for a user without extra fields, but did not commit yet.
    What happens when transaction 2 deletes the user?"""
    extras_class()
    bob = without_row()
    extras = PlayerModel(user=bob) if PlayerModel.__name__ == "Person" else bob
    extras.birthdate = ALICE["birthdate"]
    return deletion_while(extras.save, User.objects.get(pk=bob.pk).delete)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="the deletion waits; rejected: the deletion",
    custom_user="the deletion waits; rejected: nothing",
    foreignkey="the deletion waits; rejected: the deletion",
    mark="surprising",
    so_what=(
        "With a profile, lock the user with select_for_update() before user.delete(). Otherwise "
        "delete() looks for profile rows, then waits, misses a row committed meanwhile, and "
        "fails."
    ),
    source="PostgreSQL 18 docs, 13.2.1. Read Committed Isolation Level",
    fits=["the deletion waits; rejected: nothing"],
    costs=ANYTHING_ELSE,
)
def test_deleting_a_locked_user_while_first_extras_are_stored(transactional_db):
    """Transaction 1 locked a user without extra fields and stored a birthdate, but did not commit
    yet. What happens when transaction 2 deletes the user?"""
    extras_class()
    bob = without_row()
    change = lambda: roster.change("bob", birthdate=ALICE["birthdate"])  # noqa: E731
    return deletion_while(change, User.objects.get(pk=bob.pk).delete)


@compare(
    proxy_model=1,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    so_what=(
        "To erase personal data, overwrite the user row, and the profile row if there is one. "
        "Check the admin's log and the sessions as well."
    ),
)
def test_tables_with_personal_data_of_a_player():
    """How many tables hold what a user typed at registration?"""
    zoe = {"email": "zoe@example.org", **ALICE}
    enrolled("zoe", **zoe)
    holding = " UNION ".join(
        f"SELECT '{table}', key FROM {table} AS t, jsonb_each_text(to_jsonb(t)) "
        "WHERE value = ANY(%(typed)s)"
        for table in tables()
    )
    found = saw(sorted(rows(holding, {"typed": ["zoe", *map(str, zoe.values())]})))
    return len({table for table, _ in found})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    so_what=(
        "If SQL should delete users with their profiles, add ON DELETE CASCADE by RunSQL. From "
        "Django 6.1 on, write on_delete=DB_CASCADE instead."
    ),
    source="Django ticket #21961",
)
def test_on_delete_cascade_in_the_database():
    """The profile's foreign key has ON DELETE CASCADE in PostgreSQL. Does a SQL DELETE of a user
    delete the profile?"""
    cascade_in_the_database()
    enrolled("bob", **ALICE)
    rows(f"DELETE FROM {TABLE} WHERE username = 'bob'")
    return not person_class().objects.filter(zoom_id=ALICE["zoom_id"]).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=CANNOT,
    foreignkey=0,
    so_what=(
        "ON DELETE CASCADE in PostgreSQL does not make user.delete() cheaper. If the model has "
        "CASCADE, Django still deletes the profile rows itself."
    ),
    source=ON_DELETE,
)
def test_statements_saved_by_cascade_in_the_database(alice, statements):
    """The profile's foreign key gets ON DELETE CASCADE in PostgreSQL, and keeps CASCADE in the
    model. How many fewer statements does user.delete() run?"""
    before = statements_to_delete(alice, statements)
    cascade_in_the_database()
    return before - statements_to_delete(enrolled("bob", **ALICE), statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=CANNOT,
    foreignkey=1,
    so_what=(
        "To let PostgreSQL delete profiles, combine ON DELETE CASCADE with DO_NOTHING, or use "
        "DB_CASCADE from Django 6.1 on. Django then sends no signals for them."
    ),
    source=ON_DELETE,
)
def test_statements_saved_by_cascade_and_do_nothing(monkeypatch, alice, statements):
    """The profile's foreign key gets ON DELETE CASCADE in PostgreSQL, and DO_NOTHING in the model.
    How many fewer statements does user.delete() run?"""
    before = statements_to_delete(alice, statements)
    cascade_in_the_database()
    monkeypatch.setattr(link().remote_field, "on_delete", models.DO_NOTHING)
    return before - statements_to_delete(enrolled("bob", **ALICE), statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    so_what=(
        "A receiver of a profile's post_delete costs a query: Django must load the profile rows "
        "before it deletes them. On a custom user it costs none."
    ),
    source=docs("QuerySet API reference", "delete()"),
)
def test_statements_added_by_a_receiver_of_post_delete(alice, statements):
    """A receiver listens to post_delete of the model with the extra fields. How many more
    statements does user.delete() run?"""
    before = statements_to_delete(enrolled("bob"), statements)
    with heard(post_delete, sender=extras_class()):
        return statements_to_delete(alice, statements) - before


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "Django deletes profile rows before their user. If a receiver needs the extra fields, "
        "connect it to the user's pre_delete."
    ),
    source=docs("Signals", "post_delete"),
    fits=[True],
    costs=[False],
)
def test_birthdate_seen_by_a_receiver_of_post_delete(alice):
    """Can a receiver of the user's post_delete still read the birthdate?"""
    seen = []

    def farewell(instance, **kwargs):
        seen.append(shows_birthdate(instance))

    post_delete.connect(farewell, sender=User)
    try:
        alice.delete()
    finally:
        post_delete.disconnect(farewell, sender=User)
    return saw(seen) == [True]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    so_what=(
        "In a query over profiles, filter by user__is_active=True to leave out deactivated users. "
        "This costs a join to the user table, which a custom user does not need."
    ),
    source=docs("django.contrib.auth", "Fields") + ", User.is_active",
)
def test_joins_to_leave_deactivated_accounts_out(alice, statements):
    """A query counts the birthdates of users with is_active=True. How many joins does it take?"""
    active = "user__is_active" if PlayerModel.__name__ == "Person" else "is_active"
    assert extras_class().objects.filter(birthdate__isnull=False, **{active: True}).count()
    return statements.joins()
