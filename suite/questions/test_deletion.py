"""Deletion"""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connection, models, transaction
from django.db.models.signals import post_delete
from django.urls import reverse
from players import roster

from suite.compare import CANNOT, compare, docs
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
    """Run `action` in a transaction of its own: does PostgreSQL refuse it, and when?"""
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
    """The person's field `user`; its on_delete can be changed without touching the database."""
    return person_class()._meta.get_field("user")


def checks_of_the_link():
    return [saw(error).id for error in link().check()]


def cascade_in_the_database():
    """Give the link from person to user PostgreSQL's own ON DELETE CASCADE."""
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
    """Whether the birthdate can be read, from memory or from the database."""
    try:
        return extras_of(user).birthdate == ALICE["birthdate"]
    except (ObjectDoesNotExist, IndexError):
        return False


def deletion_while(store, delete):
    """Run `delete` while another session has run `store` and not committed it: how do both end?"""
    with session() as storing, session() as deleting:
        storing.begin()
        storing.do(store)
        deleting.start(lambda: said(delete))
        waits = "waits" if deleting.is_waiting() else "does not wait"
        ends = {"the extras": said(storing.commit), "the deletion": deleting.finish()}
    refused = [what for what, end in ends.items() if isinstance(end, Exception)]
    return f"the deletion {waits}; refused: {', '.join(refused) or 'nothing'}"


@compare(
    proxy_model=4,
    profile_onetoone=5,
    custom_user=4,
    foreignkey=5,
    so_what="Django deletes what points at the user by a statement for each table: a table more, "
    "a statement more.",
    source='Django 5.2 docs, "Making queries", section "Deleting objects"',
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
    so_what="The number that delete() returns counts rows of all tables, not players.",
    source='Django 5.2 docs, "QuerySet API reference", section "delete()"',
)
def test_what_delete_says_it_deleted(alice):
    """Which rows does user.delete() say that it has deleted?"""
    _, deleted = alice.delete()
    return deleted


@compare(
    proxy_model="accepted",
    profile_onetoone="refused at COMMIT",
    custom_user="accepted",
    foreignkey="refused at COMMIT",
    mark="surprising",
    so_what="The cascade is Python's: to SQL the foreign key says no, and as Django declares it "
    "DEFERRABLE INITIALLY DEFERRED, only when the transaction ends.",
    source=ON_DELETE,
)
def test_deleting_a_user_by_sql(transactional_db, alice):
    """What does PostgreSQL say to DELETE of the user's row in SQL, and when?"""
    return when_refused(lambda: rows(f"DELETE FROM {TABLE} WHERE username = 'alice'"))


@compare(
    proxy_model="accepted",
    profile_onetoone="refused at COMMIT",
    custom_user="accepted",
    foreignkey="refused at COMMIT",
    so_what="Django's private way around signals and cascades is as plain as SQL.",
    source="Django 5.2 source, django.db.models.query.QuerySet._raw_delete",
)
def test_raw_delete_of_a_user(transactional_db, alice):
    """What does PostgreSQL say to a queryset's _raw_delete() of the user, and when?"""
    users = User.objects.filter(pk=alice.pk)
    return when_refused(lambda: users._raw_delete(users.db))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    so_what="Extras in a row of their own can be erased without closing the account.",
)
def test_login_after_the_extras_row_is_deleted(client, alice):
    """Can a player log in whose row of extras has been deleted?"""
    extras_class()
    extras_of(alice).delete()
    return client.login(username="alice", password=PASSWORD)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["fields.E320"],
    custom_user=CANNOT,
    foreignkey=["fields.E320"],
    so_what="Extras that should outlive their account need a link that may be NULL.",
    source=docs("System check framework", "Related fields") + ", fields.E320",
)
def test_set_null_on_the_link(monkeypatch):
    """What do Django's checks say to on_delete=SET_NULL on the link to the user?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.SET_NULL)
    return checks_of_the_link()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["fields.E007"],
    custom_user=CANNOT,
    foreignkey=[],
    so_what="A link that is the primary key cannot be NULL: these extras go with their user, "
    "while those of a foreign key can stay.",
    source=docs("System check framework", "Model fields") + ", fields.E007",
)
def test_set_null_on_a_nullable_link(monkeypatch):
    """What do Django's checks say to on_delete=SET_NULL, null=True on the link to the user?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.SET_NULL)
    monkeypatch.setattr(link(), "null", True)
    return checks_of_the_link()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="ProtectedError",
    custom_user=CANNOT,
    foreignkey="ProtectedError",
    so_what="on_delete is a rule of Python's, changed without touching the database: with "
    "PROTECT the extras must be deleted first.",
    source=ON_DELETE,
)
def test_deleting_a_user_with_protected_extras(monkeypatch, alice):
    """What comes of user.delete() when the link says on_delete=PROTECT?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.PROTECT)
    return outcome(alice.delete)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="refused at COMMIT",
    custom_user=CANNOT,
    foreignkey="refused at COMMIT",
    mark="surprising",
    so_what="inspectdb writes DO_NOTHING: delete() then seems to work, and fails when the "
    "transaction ends.",
    source=ON_DELETE,
)
def test_deleting_a_user_with_do_nothing(transactional_db, monkeypatch, alice):
    """When is user.delete() refused if the link says on_delete=DO_NOTHING, as inspectdb writes?"""
    monkeypatch.setattr(link().remote_field, "on_delete", models.DO_NOTHING)
    return when_refused(alice.delete)


@compare(
    proxy_model=5,
    profile_onetoone=6,
    custom_user=5,
    foreignkey=6,
    source=docs("QuerySet API reference", "delete()"),
)
def test_statements_to_delete_a_hundred_users(statements):
    """How many statements does it take to delete 100 users by one delete() of a queryset?"""
    enrolled_many(100)
    statements.clear()
    User.objects.filter(username__startswith="player").delete()
    return len(statements)


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    so_what="To delete all players is to delete all accounts, staff included, where the listed "
    "class is the user; a person's account stays and can log in.",
    source='Django 5.2 docs, "Models", section "Proxy models"',
)
def test_accounts_left_after_deleting_the_listed_class(alice):
    """Is the account left after objects.all().delete() of the variant's class (Player, Person)?"""
    PlayerModel.objects.all().delete()
    return User.objects.filter(pk=alice.pk).exists()


@compare(
    proxy_model=["players.Player"],
    profile_onetoone=["players.Person"],
    custom_user=["players.User"],
    foreignkey=["players.Person"],
    mark="surprising",
    so_what="The sender is the class of the queryset: a receiver for Django's User does not hear "
    "that a Player is deleted, though it is the same row.",
    source='Django 5.2 docs, "Signals", section "post_delete"',
)
def test_senders_of_post_delete_through_the_listed_class(alice):
    """Who sends post_delete when a player is deleted through the variant's class?"""
    with heard(post_delete) as senders:
        PlayerModel.objects.filter(pk=extras_of(alice).pk).delete()
    return senders


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="A session holds the user's id, and the next request looks the user up.",
    source=docs("django.contrib.auth", "Utility functions") + ", get_user()",
)
def test_deleted_user_is_still_logged_in(client, alice):
    """Is somebody still logged in elsewhere once their account is deleted?"""
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
    so_what="No foreign key leads from a session to its user: in all four the row, with the "
    "user's id in it, stays until clearsessions removes it.",
    source='Django 5.2 docs, "How to use sessions", section "Clearing the session store"',
)
def test_session_rows_left_by_a_deleted_user(client, alice):
    """How many session rows of a logged-in user are left once the account is deleted?"""
    client.force_login(alice)
    roster.remove("alice")
    return Session.objects.filter(pk=client.session.session_key).count()


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what="LogEntry.user cascades: in all four, deactivate staff (is_active) whose deeds must "
    "stay known.",
    source="Django 5.2 source, django.contrib.admin.models.LogEntry",
)
def test_admin_history_of_a_deleted_user(alice):
    """Does the admin's history keep what a staff member did, once their account is deleted?"""
    LogEntry.objects.create(user=alice, action_flag=CHANGE, object_repr="the dragon")
    alice.delete()
    return LogEntry.objects.filter(object_repr="the dragon").exists()


@compare(
    proxy_model="NotSupportedError",
    profile_onetoone="NotSupportedError",
    custom_user="NotSupportedError",
    foreignkey="NotSupportedError",
    so_what="Tables point at the user's in all four (groups, permissions, the admin's log), and "
    "TRUNCATE does not look whether they are empty.",
    source="PostgreSQL 18 docs, TRUNCATE",
)
def test_truncate_of_the_user_table():
    """What comes of TRUNCATE of the user table?"""
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
    source="PostgreSQL 18 docs, TRUNCATE",
)
def test_tables_emptied_by_truncate_cascade():
    """Which further tables does TRUNCATE ... CASCADE of the user table empty?"""
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
    so_what="A one-to-one accessor remembers what it read, deleted or not; person_set asks again.",
    source=docs("Database access optimization", "Understand cached attributes"),
)
def test_deleted_person_is_still_seen_on_the_user(alice):
    """The person was read and is deleted: does the user in memory still show the birthdate?"""
    person_class()
    extras_of(alice).delete()
    return shows_birthdate(alice)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="the deletion does not wait; refused: the extras",
    custom_user="the deletion waits; refused: nothing",
    foreignkey="the deletion does not wait; refused: the extras",
    mark="surprising",
    so_what="A deferred foreign key locks the user only when it is checked, at COMMIT: until "
    "then neither transaction knows of the other.",
    source="PostgreSQL 18 docs, SET CONSTRAINTS",
)
def test_deleting_a_user_while_first_extras_are_stored(transactional_db):
    """A user's first extras are saved but not committed when the user is deleted elsewhere: who
    waits, and whose COMMIT is refused?"""
    extras_class()
    bob = without_row()
    extras = PlayerModel(user=bob) if PlayerModel.__name__ == "Person" else bob
    extras.birthdate = ALICE["birthdate"]
    return deletion_while(extras.save, User.objects.get(pk=bob.pk).delete)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="the deletion waits; refused: the deletion",
    custom_user="the deletion waits; refused: nothing",
    foreignkey="the deletion waits; refused: the deletion",
    mark="surprising",
    so_what="delete() looks for people before it waits for the user, and does not look again: "
    "who deletes must lock the user first too, as the roster's remove() does.",
    source="PostgreSQL 18 docs, 13.2.1. Read Committed Isolation Level",
)
def test_deleting_a_locked_user_while_first_extras_are_stored(transactional_db):
    """The same where the user is locked before the extras are stored: who waits, and whose COMMIT
    is refused?"""
    extras_class()
    bob = without_row()
    change = lambda: roster.change("bob", birthdate=ALICE["birthdate"])  # noqa: E731
    return deletion_while(change, User.objects.get(pk=bob.pk).delete)


@compare(
    proxy_model=1,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    so_what="Anonymising a player, instead of deleting, is one UPDATE for each of these tables.",
)
def test_tables_with_personal_data_of_a_player():
    """In how many tables lies what a player typed to register, to be erased there on request?"""
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
    so_what="A migration of your own (RunSQL) lets SQL delete users too; Django 6.1 has it built "
    "in, as DB_CASCADE.",
    source="Django ticket #21961",
)
def test_on_delete_cascade_in_the_database():
    """With the link made ON DELETE CASCADE by SQL: does DELETE of the user erase the extras?"""
    cascade_in_the_database()
    enrolled("bob", **ALICE)
    rows(f"DELETE FROM {TABLE} WHERE username = 'bob'")
    return not person_class().objects.filter(zoom_id=ALICE["zoom_id"]).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=CANNOT,
    foreignkey=0,
    so_what="Django does not look at what PostgreSQL would do: its own on_delete decides.",
    source=ON_DELETE,
)
def test_statements_saved_by_cascade_in_the_database(alice, statements):
    """How many statements does user.delete() save with ON DELETE CASCADE in the database?"""
    before = statements_to_delete(alice, statements)
    cascade_in_the_database()
    return before - statements_to_delete(enrolled("bob", **ALICE), statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=CANNOT,
    foreignkey=1,
    so_what="Only both together, CASCADE in the database and DO_NOTHING in the model, leave it "
    "to PostgreSQL.",
    source=ON_DELETE,
)
def test_statements_saved_by_cascade_and_do_nothing(monkeypatch, alice, statements):
    """The same with on_delete=DO_NOTHING in the model: how many statements are saved?"""
    before = statements_to_delete(alice, statements)
    cascade_in_the_database()
    monkeypatch.setattr(link().remote_field, "on_delete", models.DO_NOTHING)
    return before - statements_to_delete(enrolled("bob", **ALICE), statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    so_what="Extras are deleted unseen, by one DELETE, until somebody listens: then each is "
    "loaded first, so that the receiver can be given it.",
    source='Django 5.2 docs, "QuerySet API reference", section "delete()"',
)
def test_statements_added_by_a_receiver_of_post_delete(alice, statements):
    """How many statements more does user.delete() run once somebody listens to post_delete of
    the class with the extras?"""
    before = statements_to_delete(enrolled("bob"), statements)
    with heard(post_delete, sender=extras_class()):
        return statements_to_delete(alice, statements) - before


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="People are deleted before their user: a farewell that needs their extras belongs "
    "in pre_delete.",
    source='Django 5.2 docs, "Signals", section "post_delete"',
)
def test_birthdate_seen_by_a_receiver_of_post_delete(alice):
    """Can a receiver of the user's post_delete still read their birthdate?"""
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
    so_what="Django advises to deactivate accounts instead of deleting: every question about "
    "extras must then look at the user too.",
    source=docs("django.contrib.auth", "Fields") + ", User.is_active",
)
def test_joins_to_leave_deactivated_accounts_out(alice, statements):
    """How many joins does it take to count birthdates without those of deactivated accounts?"""
    active = "user__is_active" if PlayerModel.__name__ == "Person" else "is_active"
    assert extras_class().objects.filter(birthdate__isnull=False, **{active: True}).count()
    return statements.joins()
