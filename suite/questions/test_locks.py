"""Locks"""

from contextlib import contextmanager

from django.contrib.auth.hashers import make_password
from django.db import OperationalError, connection, models, transaction
from django.db.migrations import operations
from players import roster

from suite.compare import CANNOT, compare, docs
from suite.migration_states import migrated
from suite.outcomes import outcome, rows, saw
from suite.sessions import said, session
from suite.variant import VARIANT, PlayerModel, User, birthdate_of, enrolled, extras_of, path

AUTH_USER_MODEL = User._meta.label
USERS = User._meta.db_table
ROW_LOCKS = "PostgreSQL 18 docs, 13.3.2. Row-Level Locks"


def waits_at(open_one, other):
    """Return when the transaction `other` waits while `open_one` has run and is not committed:
    "at the statement", "at COMMIT" (for its deferred constraints) or "does not wait"."""
    with session() as one, session() as two:
        one.begin()
        one.do(open_one)
        two.begin()
        two.start(other)
        at = "at the statement" if two.is_waiting() else None
        if at is None:
            two.finish()
            two.start(lambda: connection.commit())
            at = "at COMMIT" if two.is_waiting() else "does not wait"
        saw(f"The second transaction: {at}")
        one.rollback()
        two.finish()
        return at


def waits(open_one, other):
    return waits_at(open_one, other) != "does not wait"


def edit(user):
    """Return a function that updates a user's birthdate and nothing else."""
    extras = extras_of(user)
    extras.birthdate = birthdate_of(0)
    return lambda: extras.save(update_fields=["birthdate"])


def login(user):
    """Return a function that updates last_login, as a login does."""
    return lambda: User.objects.filter(pk=user.pk).update(last_login="2020-01-01T00:00Z")


def storing_extras(username):
    """Return a new user without extra fields, and a function that stores them: an INSERT of a
    profile row, or an UPDATE of a custom user."""
    user = enrolled(username)
    PlayerModel._meta.get_field("birthdate")
    if not hasattr(PlayerModel, "user"):
        return user, lambda: User.objects.filter(pk=user.pk).update(birthdate=birthdate_of(0))
    PlayerModel.objects.filter(user=user).delete()
    return user, lambda: PlayerModel.objects.create(user=user, birthdate=birthdate_of(0))


def table_of_extras():
    """Return the table with the birthdate. Raise FieldDoesNotExist if the variant has none."""
    return PlayerModel._meta.get_field("birthdate").model._meta.db_table


@contextmanager
def reader(*grants):
    """Switch to a new PostgreSQL role inside the block, with these grants only."""
    role = f"reader_of_{VARIANT}"
    rows(f"CREATE ROLE {role}")
    for grant in grants:
        rows(f"{grant} TO {role}")
    rows(f"SET ROLE {role}")
    try:
        yield
    finally:
        rows("RESET ROLE")


def all_but_password(model):
    """Return a GRANT on every column of a model's table except the password."""
    names = [field.column for field in model._meta.concrete_fields if field.name != "password"]
    return f"GRANT SELECT ({', '.join(names)}) ON {model._meta.db_table}"


# --- two requests at once ---


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[False],
    costs=[True],
    top=True,
    so_what="With a custom user, an edit and a login lock the same row. Keep transactions that "
    "edit users short.",
    source=ROW_LOCKS,
)
def test_login_waits_for_an_open_edit(transactional_db, alice):
    """An edit of a user's birthdate is not yet committed. Does that user's login wait?"""
    return waits(edit(alice), login(alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[False],
    costs=[True],
    so_what="With a profile, a login and an edit lock different rows, so neither waits for the "
    "other.",
    source=ROW_LOCKS,
)
def test_edit_waits_for_an_open_login(transactional_db, alice):
    """A user's login is not yet committed. Does an edit of that user's birthdate wait?"""
    return waits(login(alice), edit(alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    fits=[False],
    costs=[True],
    so_what="roster.change() locks the user row first. While the user row is locked, two tables "
    "are no better than one.",
    source=ROW_LOCKS,
)
def test_login_waits_for_an_open_change_of_the_roster(transactional_db, alice):
    """A transaction with roster.change(birthdate=...) is open. Does a login of the same user
    wait?"""
    change = transaction.atomic(lambda: roster.change("alice", birthdate=birthdate_of(0)))
    return waits(change, login(alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="at COMMIT",
    custom_user="at the statement",
    foreignkey="at COMMIT",
    mark="surprising",
    fits=["does not wait"],
    costs=["at the statement", "at COMMIT"],
    so_what="A new profile row needs FOR KEY SHARE on its user. With "
    "select_for_update(no_key=True) it does not wait; a custom user still waits.",
    source=ROW_LOCKS,
)
def test_storing_extras_of_a_user_locked_for_update(transactional_db):
    """A transaction holds select_for_update() on a user. Where does another session that stores
    this user's extra fields wait?"""
    user, store = storing_extras("bob")
    lock = transaction.atomic(lambda: User.objects.select_for_update().get(pk=user.pk))
    return waits_at(lock, store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="does not wait",
    custom_user="at the statement",
    foreignkey="does not wait",
    mark="surprising",
    fits=["does not wait"],
    costs=["at the statement", "at COMMIT"],
    so_what="Use no_key=True unless you delete the user or change a key. New profile rows then do "
    "not wait for the lock.",
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_storing_extras_of_a_user_locked_with_no_key(transactional_db):
    """A transaction holds select_for_update(no_key=True) on a user. Where does another session
    that stores this user's extra fields wait?"""
    user, store = storing_extras("bob")
    locked = User.objects.select_for_update(no_key=True)
    return waits_at(transaction.atomic(lambda: locked.get(pk=user.pk)), store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="does not wait",
    custom_user="at the statement",
    foreignkey="does not wait",
    fits=["does not wait"],
    costs=["at the statement", "at COMMIT"],
    so_what="A password change does not block a new profile row, because the profile's foreign "
    "key refers to the id, not to the password.",
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_password_change(transactional_db):
    """A password change is not yet committed. Where does another session that stores this user's
    extra fields wait?"""
    user, store = storing_extras("bob")
    user.password = make_password("Another dragon sleeps at 9")
    return waits_at(lambda: user.save(update_fields=["password"]), store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="at COMMIT",
    custom_user="at the statement",
    foreignkey="at COMMIT",
    mark="surprising",
    fits=["does not wait"],
    costs=["at the statement", "at COMMIT"],
    so_what="The username has a unique index, so PostgreSQL locks its change like a change of the "
    "primary key. A new profile row waits at COMMIT.",
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_change_of_username(transactional_db):
    """A username change is not yet committed. Where does another session that stores this user's
    extra fields wait?"""
    user, store = storing_extras("bob")
    user.username = "robert"
    return waits_at(lambda: user.save(update_fields=["username"]), store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="does not wait",
    custom_user="at the statement",
    foreignkey="does not wait",
    mark="surprising",
    fits=["does not wait"],
    costs=["at the statement", "at COMMIT"],
    so_what="PostgreSQL compares values. If save() writes the old username again, that does not "
    "count as a change of a key.",
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_full_save_of_the_user(transactional_db):
    """user.save() with the same username is not yet committed. Where does another session that
    stores this user's extra fields wait?"""
    user, store = storing_extras("bob")
    return waits_at(user.save, store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="does not wait",
    custom_user="at the statement",
    foreignkey="does not wait",
    mark="surprising",
    fits=["does not wait"],
    costs=["at the statement", "at COMMIT"],
    so_what="PostgreSQL checks a foreign key again only if its value changes. An existing profile "
    "row can be saved while the username changes.",
    source=ROW_LOCKS,
)
def test_full_save_of_extras_during_a_change_of_username(transactional_db, alice):
    """A username change is not yet committed. When does save() of existing extra fields wait?"""
    extras = extras_of(alice)
    extras.birthdate = extras.birthdate.replace(day=1)
    renamed = User.objects.filter(pk=alice.pk)
    return waits_at(lambda: renamed.update(username="alicia"), extras.save)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    fits=[False],
    costs=[True],
    so_what="With two tables, always save the user and the profile in the same order. Two saves of "
    "one row cannot deadlock.",
    source="PostgreSQL 18 docs, 13.3.4. Deadlocks",
)
def test_deadlock_of_two_saves_in_different_order(transactional_db, alice):
    """One request saves the extra fields, then the user; another does the reverse. Can they
    deadlock?"""
    save_extras, save_user = edit(alice), login(alice)
    with session() as one, session() as two:
        one.do(lambda: rows("SET deadlock_timeout = '60s'"))  # so it is always two who finds out
        one.begin()
        one.do(save_extras)
        two.begin()
        two.start(save_user)
        if saw(two.is_waiting()):  # for the same row: one gets through, and two after it
            one.do(save_user)
            one.commit()
            two.finish()
            return isinstance(two.do(lambda: said(save_extras)), OperationalError)
        one.start(save_user)
        assert one.is_waiting()
        return isinstance(two.do(lambda: said(save_extras)), OperationalError)


# --- a request and a migration ---


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[False],
    costs=[True],
    so_what="ADD COLUMN blocks even readers until the migration commits. On the user table that "
    "stops every page for everyone who is logged in.",
    source="PostgreSQL 18 docs, ALTER TABLE",
)
def test_request_user_waits_for_a_migration_that_adds_an_extra(transactional_db, alice):
    """A migration that adds an extra field is not yet committed. Does loading request.user wait?"""
    table_of_extras()
    add = operations.AddField(PlayerModel.__name__, "timezone", models.TextField(null=True))
    return waits(lambda: migrated(add), lambda: User.objects.get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[False],
    costs=[True],
    so_what="AddIndex on a custom user blocks logins until it commits. Use AddIndexConcurrently in "
    "a non-atomic migration instead.",
    source='PostgreSQL 18 docs, CREATE INDEX, section "Building Indexes Concurrently"',
)
def test_login_waits_for_a_migration_that_indexes_an_extra(transactional_db, alice):
    """A migration with AddIndex on birthdate is not yet committed. Does a login wait?"""
    table_of_extras()
    add = operations.AddIndex(PlayerModel.__name__, models.Index(fields=["birthdate"], name="born"))
    return waits(lambda: migrated(add), login(alice))


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    costs=[True],
    so_what="Adding a foreign key to the user table blocks writes to it. A profile that you add "
    "later makes logins wait too.",
    source="PostgreSQL 18 docs, ALTER TABLE",
)
def test_login_waits_for_a_migration_that_points_at_users(transactional_db, alice):
    """A migration that creates a table with a foreign key to users is not yet committed. Does a
    login wait?"""
    user = models.OneToOneField(AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    return waits(lambda: migrated(operations.CreateModel("Badge", [("user", user)])), login(alice))


# --- who may read what ---


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[False],
    costs=[True],
    so_what="With a custom user, grant each column by name to reporting roles. A profile table can "
    "be granted as a whole.",
    source="PostgreSQL 18 docs, 5.8. Privileges",
)
def test_reader_of_the_extras_table_sees_password_hashes(alice):
    """A role may SELECT from the table with the extra fields. Can it read password hashes?"""
    with reader(f"GRANT SELECT ON {table_of_extras()}"):
        return outcome(lambda: rows(f"SELECT password FROM {USERS}")) == "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    fits=[True],
    costs=[False],
    so_what="The ORM selects every column of a model. On a custom user, PostgreSQL rejects "
    "objects.all() if one column is not granted.",
    source="PostgreSQL 18 docs, GRANT",
)
def test_reader_without_password_hashes_lists_the_extras(alice):
    """A role may SELECT every column except the password. Does objects.all() on the variant's own
    model work?"""
    table_of_extras()
    with reader(all_but_password(PlayerModel)):
        return outcome(lambda: list(PlayerModel.objects.all())) == "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what="values() selects only the columns that you name, so it works for such a role in every "
    "approach.",
    source=docs("QuerySet API reference", "values()"),
)
def test_reader_without_password_hashes_lists_values(alice):
    """A role may SELECT every column except the password. Does values("username", <birthdate>)
    work?"""
    table_of_extras()
    players = User.objects.values("username", path("birthdate"))
    with reader(all_but_password(User), all_but_password(PlayerModel)):
        return outcome(lambda: list(players)) == "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    fits=[True],
    costs=[False],
    so_what="Row security hides whole rows. If you hide the rows of a custom user from the web "
    "application's role, logins fail.",
    source="PostgreSQL 18 docs, 5.9. Row Security Policies",
)
def test_login_finds_the_user_behind_row_security(alice):
    """Row security hides the table with the extra fields from a role. Can the role still find a
    user by name?"""
    table = table_of_extras()
    rows(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    with reader(f"GRANT SELECT ON {USERS}", f"GRANT SELECT ON {table}"):
        return User.objects.filter(username="alice").exists()
