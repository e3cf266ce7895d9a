"""Locks"""

from contextlib import contextmanager

from django.contrib.auth.hashers import make_password
from django.db import OperationalError, connection, models, transaction
from django.db.migrations import operations
from players import roster

from suite.compare import CANNOT, compare
from suite.migration_states import migrated
from suite.outcomes import outcome, rows, saw
from suite.sessions import said, session
from suite.variant import VARIANT, PlayerModel, User, birthdate_of, enrolled, extras_of, path

AUTH_USER_MODEL = User._meta.label
USERS = User._meta.db_table
ROW_LOCKS = "PostgreSQL 18 docs, 13.3.2. Row-Level Locks"


def waits_at(open_one, other):
    """Where `other`, a transaction, waits while `open_one` has run and is not committed:
    "statement", "COMMIT" (for its deferred constraints) or "nowhere"."""
    with session() as one, session() as two:
        one.begin()
        one.do(open_one)
        two.begin()
        two.start(other)
        at = "statement" if two.is_waiting() else None
        if at is None:
            two.finish()
            two.start(lambda: connection.commit())
            at = "COMMIT" if two.is_waiting() else "nowhere"
        saw(f"It waits: {at}")
        one.rollback()
        two.finish()
        return at


def waits(open_one, other):
    return waits_at(open_one, other) != "nowhere"


def edit(user):
    """The statement that changes a player's birthdate and nothing else."""
    extras = extras_of(user)
    extras.birthdate = birthdate_of(0)
    return lambda: extras.save(update_fields=["birthdate"])


def login(user):
    """The statement that notes a login."""
    return lambda: User.objects.filter(pk=user.pk).update(last_login="2020-01-01T00:00Z")


def storing_extras(username):
    """A new user without extras, and what stores them: an INSERT, or an UPDATE where that is it."""
    user = enrolled(username)
    PlayerModel._meta.get_field("birthdate")
    if not hasattr(PlayerModel, "user"):
        return user, lambda: User.objects.filter(pk=user.pk).update(birthdate=birthdate_of(0))
    PlayerModel.objects.filter(user=user).delete()
    return user, lambda: PlayerModel.objects.create(user=user, birthdate=birthdate_of(0))


def table_of_extras():
    """The table whose column birthdate is; raises where there is none."""
    return PlayerModel._meta.get_field("birthdate").model._meta.db_table


@contextmanager
def reader(*grants):
    """Be another role of PostgreSQL inside the block, which may do what is granted to it."""
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
    """A GRANT of the columns of a model's table, each by its name but the password hash."""
    names = [field.column for field in model._meta.concrete_fields if field.name != "password"]
    return f"GRANT SELECT ({', '.join(names)}) ON {model._meta.db_table}"


# --- two requests at once ---


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="One row means one queue: whoever edits a custom user holds up its login.",
    source=ROW_LOCKS,
)
def test_login_waits_for_an_open_edit(transactional_db, alice):
    """Does a login wait while an edit of the same player's birthdate is not committed yet?"""
    return waits(edit(alice), login(alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="Two tables let the account's writes and the person's pass each other.",
    source=ROW_LOCKS,
)
def test_edit_waits_for_an_open_login(transactional_db, alice):
    """Does an edit of the birthdate wait while the same player's login is not committed yet?"""
    return waits(login(alice), edit(alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="Whoever locks the user first, against a deletion or a second row, gives the advantage "
    "of two tables back for that moment.",
    source=ROW_LOCKS,
)
def test_login_waits_for_an_open_change_of_the_roster(transactional_db, alice):
    """Does a login wait while roster.change(birthdate=...) of this project is not committed yet?"""
    change = transaction.atomic(lambda: roster.change("alice", birthdate=birthdate_of(0)))
    return waits(change, login(alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="COMMIT",
    custom_user="statement",
    foreignkey="COMMIT",
    mark="surprising",
    so_what="The foreign key asks for FOR KEY SHARE on the user, and as it is deferred it asks at "
    "COMMIT: lock by select_for_update(no_key=True), and nobody waits.",
    source=ROW_LOCKS,
)
def test_storing_extras_of_a_user_locked_for_update(transactional_db):
    """Somebody holds select_for_update() on a user: at what does storing their extras wait?"""
    user, store = storing_extras("bob")
    lock = transaction.atomic(lambda: User.objects.select_for_update().get(pk=user.pk))
    return waits_at(lock, store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="nowhere",
    custom_user="statement",
    foreignkey="nowhere",
    mark="surprising",
    so_what="FOR NO KEY UPDATE promises not to change the key, which is all that the foreign key "
    "wants to know.",
    source='Django 5.2 docs, "QuerySet API reference", section "select_for_update()"',
)
def test_storing_extras_of_a_user_locked_with_no_key(transactional_db):
    """Somebody holds select_for_update(no_key=True) on a user: at what does storing their extras
    wait?"""
    user, store = storing_extras("bob")
    locked = User.objects.select_for_update(no_key=True)
    return waits_at(transaction.atomic(lambda: locked.get(pk=user.pk)), store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="nowhere",
    custom_user="statement",
    foreignkey="nowhere",
    so_what="A change of columns that no foreign key could point at leaves the extras free.",
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_password_change(transactional_db):
    """A change of the password is not committed: at what does storing that user's extras wait?"""
    user, store = storing_extras("bob")
    user.password = make_password("Another dragon sleeps at 9")
    return waits_at(lambda: user.save(update_fields=["password"]), store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="COMMIT",
    custom_user="statement",
    foreignkey="COMMIT",
    mark="surprising",
    so_what="The username is unique, so a foreign key could point at it: PostgreSQL locks its "
    "change like a change of the key, though nothing points there.",
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_change_of_username(transactional_db):
    """A change of the username is not committed: at what does storing that user's extras wait?"""
    user, store = storing_extras("bob")
    user.username = "robert"
    return waits_at(lambda: user.save(update_fields=["username"]), store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="nowhere",
    custom_user="statement",
    foreignkey="nowhere",
    mark="surprising",
    so_what="PostgreSQL compares values, not the list of columns: writing the old username is no "
    "change of a key.",
    source=ROW_LOCKS,
)
def test_storing_extras_during_a_full_save_of_the_user(transactional_db):
    """user.save() writes all columns, the username with its old value: at what does storing that
    user's extras wait until it is committed?"""
    user, store = storing_extras("bob")
    return waits_at(user.save, store)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="nowhere",
    custom_user="statement",
    foreignkey="nowhere",
    mark="surprising",
    so_what="person.save() writes its link too, but an unchanged link is not checked again: only "
    "the first storing of extras meets the user's lock.",
    source=ROW_LOCKS,
)
def test_full_save_of_extras_during_a_change_of_username(transactional_db, alice):
    """A change of the username is not committed: at what does a full save() of extras that are
    there already wait?"""
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
    so_what="Two rows need one order in which everybody writes them; one row cannot deadlock.",
    source="PostgreSQL 18 docs, 13.3.4. Deadlocks",
)
def test_deadlock_of_two_saves_in_different_order(transactional_db, alice):
    """One request saves the extras, then the user; another the user, then the extras: can they
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
    so_what="ADD COLUMN shuts a table even for readers: on the table of users that is every page "
    "of everybody who is logged in, for as long as the migration's transaction lasts.",
    source="PostgreSQL 18 docs, ALTER TABLE",
)
def test_request_user_waits_for_a_migration_that_adds_an_extra(transactional_db, alice):
    """A migration that adds one more extra is not committed: does loading request.user wait?"""
    table_of_extras()
    add = operations.AddField(PlayerModel.__name__, "timezone", models.TextField(null=True))
    return waits(lambda: migrated(add), lambda: User.objects.get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="AddIndex on the custom user holds up every login; AddIndexConcurrently does not.",
    source='PostgreSQL 18 docs, CREATE INDEX, section "Building Indexes Concurrently"',
)
def test_login_waits_for_a_migration_that_indexes_an_extra(transactional_db, alice):
    """A migration that indexes birthdate (AddIndex) is not committed: does a login wait?"""
    table_of_extras()
    add = operations.AddIndex(PlayerModel.__name__, models.Index(fields=["birthdate"], name="born"))
    return waits(lambda: migrated(add), login(alice))


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="A new table with a foreign key to the users locks these against writing: a profile "
    "that comes later is not free either.",
    source="PostgreSQL 18 docs, ALTER TABLE",
)
def test_login_waits_for_a_migration_that_points_at_users(transactional_db, alice):
    """A migration that makes a table with a foreign key to the users is not committed: does a
    login wait?"""
    user = models.OneToOneField(AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    return waits(lambda: migrated(operations.CreateModel("Badge", [("user", user)])), login(alice))


# --- who may read what ---


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="A table of its own can be shown to reports and support as it is; on the custom user "
    "each column must be granted by name, and each new one again.",
    source="PostgreSQL 18 docs, 5.8. Privileges",
)
def test_reader_of_the_extras_table_sees_password_hashes(alice):
    """A role may SELECT from the table with the extras: does it see password hashes by that?"""
    with reader(f"GRANT SELECT ON {table_of_extras()}"):
        return outcome(lambda: rows(f"SELECT password FROM {USERS}")) == "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what="The ORM selects every column that the model has, so objects.all() on a custom user "
    "is refused as soon as one column is.",
    source="PostgreSQL 18 docs, GRANT",
)
def test_reader_without_password_hashes_lists_the_extras(alice):
    """A role may SELECT all columns but the password hash: does objects.all() of the class with
    the extras work?"""
    table_of_extras()
    with reader(all_but_password(PlayerModel)):
        return outcome(lambda: list(PlayerModel.objects.all())) == "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what="values() and only() name their columns: written so, all of them work for such a role.",
    source='Django 5.2 docs, "QuerySet API reference", section "values()"',
)
def test_reader_without_password_hashes_lists_values(alice):
    """And does values() of username and birthdate work for that role?"""
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
    so_what="Rows can be hidden table by table only: personal data behind row security needs a "
    "table of its own, or nobody can log in.",
    source="PostgreSQL 18 docs, 5.9. Row Security Policies",
)
def test_login_finds_the_user_behind_row_security(alice):
    """Row security hides the table with the extras from a role: does it still find the user who
    wants to log in?"""
    table = table_of_extras()
    rows(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    with reader(f"GRANT SELECT ON {USERS}", f"GRANT SELECT ON {table}"):
        return User.objects.filter(username="alice").exists()
