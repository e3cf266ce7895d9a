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
    so_what=(
        "With a custom user, an edit of an extra field and a login lock the same row. Keep "
        "transactions that edit users short."
    ),
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
    so_what=(
        "With a profile, a login and an edit of an extra field lock different rows, so neither "
        "waits. With a custom user, keep both transactions short."
    ),
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
    so_what=(
        "If you lock the user row before you edit the profile, a login of this user waits, as "
        "with a custom user. Keep the transaction short."
    ),
    source=ROW_LOCKS,
)
def test_login_waits_for_an_open_change_of_the_roster(transactional_db, alice):
    """A transaction locked the user row and changed the birthdate, but did not commit yet. Does a
    login of that user wait?"""
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
    so_what=(
        "To lock a user without blocking new profile rows, use select_for_update(no_key=True). A "
        "new row needs FOR KEY SHARE on its user, which plain select_for_update() blocks."
    ),
    source=ROW_LOCKS,
)
def test_storing_extras_of_a_user_locked_for_update(transactional_db):
    """Transaction 1 holds select_for_update() on a user. When, if ever, does transaction 2 wait,
    storing this user's first extra fields?"""
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
    so_what=(
        "Lock a user with select_for_update(no_key=True), unless you delete the user or change "
        "the id or username. Inserts of profile rows do not wait then; updates of the user do."
    ),
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_storing_extras_of_a_user_locked_with_no_key(transactional_db):
    """Transaction 1 holds select_for_update(no_key=True) on a user. When, if ever, does transaction
    2 wait, storing this user's first extra fields?"""
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
    so_what=(
        "With a custom user, keep transactions that change passwords short: they block updates of "
        "the same user's extra fields. They do not block a new profile row."
    ),
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_password_change(transactional_db):
    """Transaction 1 changed a password and is still open. When, if ever, does transaction 2 wait,
    storing this user's first extra fields?"""
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
    so_what=(
        "Keep transactions that change usernames short. Until they end, a new profile row of that "
        "user waits: PostgreSQL locks the user row as for a DELETE."
    ),
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_change_of_username(transactional_db):
    """Transaction 1 changed a username and is still open. When does transaction 2 wait if it adds
    this user's profile row or sets a custom user's birthdate?"""
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
    so_what=(
        "An open user.save() does not block a new profile row, unless it changes a unique column "
        "such as username. With a custom user, both write one row, so one waits."
    ),
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_full_save_of_the_user(transactional_db):
    """Transaction 1 called user.save() without changes and is still open. When, if ever, does
    transaction 2 wait as it stores the user's extra fields?"""
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
    so_what=(
        "You can save an existing profile while another transaction changes the username. The "
        "profile's foreign key keeps its value, so PostgreSQL need not check it again."
    ),
    source=ROW_LOCKS,
)
def test_full_save_of_extras_during_a_change_of_username(transactional_db, alice):
    """Transaction 1 changed a username and is still open. When, if ever, does transaction 2 wait,
    saving this user's existing extra fields?"""
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
    so_what=(
        "If a transaction saves user and profile, use the same order everywhere. A custom user is "
        "one row, so the second request just waits at its first save."
    ),
    source="PostgreSQL 18 docs, 13.3.4. Deadlocks",
)
def test_deadlock_of_two_saves_in_different_order(transactional_db, alice):
    """In a transaction, one request saves the extra fields, then the user. Another does the
    reverse. Can they deadlock?"""
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
    so_what=(
        "On a custom user, ADD COLUMN blocks even readers, so pages of logged-in users wait until "
        "the migration commits. Set lock_timeout, and keep this migration short."
    ),
    source="PostgreSQL 18 docs, ALTER TABLE",
)
def test_request_user_waits_for_a_migration_that_adds_an_extra(transactional_db, alice):
    """A migration that adds an extra field is not yet committed. Does a page that loads
    request.user wait?"""
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
    so_what=(
        "On a custom user, AddIndex blocks logins until the migration commits. Use "
        "AddIndexConcurrently in a non-atomic migration instead."
    ),
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
    so_what=(
        "Creating a foreign key to the user table blocks writes to that table, and each login "
        "writes last_login. Add a profile table when few users log in."
    ),
    source="PostgreSQL 18 docs, ALTER TABLE",
)
def test_login_waits_for_a_migration_that_points_at_users(transactional_db, alice):
    """A migration creates a table with a foreign key to users and is not yet committed. Does a
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
    so_what=(
        "If a reporting role should read a custom user's extra fields, grant SELECT on each "
        "column by name. You can grant a profile table as a whole."
    ),
    source="PostgreSQL 18 docs, 5.8. Privileges",
)
def test_reader_of_the_extras_table_sees_password_hashes(alice):
    """A PostgreSQL role may SELECT from the table with the extra fields. Can this role read
    password hashes?"""
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
    so_what=(
        "If a role may not read the password, objects.all() on a custom user fails, because the "
        "ORM selects each column. Name the columns in values()."
    ),
    source="PostgreSQL 18 docs, GRANT",
)
def test_reader_without_password_hashes_lists_the_extras(alice):
    """A PostgreSQL role may read each column except the password. Does objects.all() of the model
    with the extra fields work?"""
    table_of_extras()
    with reader(all_but_password(PlayerModel)):
        return outcome(lambda: list(PlayerModel.objects.all())) == "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what=(
        "For a role that may not read the password, name the columns in values(). It works in each "
        "approach that stores extra fields."
    ),
    source=docs("QuerySet API reference", "values()"),
)
def test_reader_without_password_hashes_lists_values(alice):
    """A PostgreSQL role may read each column except the password. Does values() with the username
    and the birthdate work?"""
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
    so_what=(
        "You can hide profiles from a PostgreSQL role by row security. Do not hide custom users "
        "from the web application's role, or logins fail."
    ),
    source="PostgreSQL 18 docs, 5.9. Row Security Policies",
)
def test_login_finds_the_user_behind_row_security(alice):
    """Row security hides all rows of the table with extra fields from a PostgreSQL role. Can this
    role still find users by username?"""
    table = table_of_extras()
    rows(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    with reader(f"GRANT SELECT ON {USERS}", f"GRANT SELECT ON {table}"):
        return User.objects.filter(username="alice").exists()
