"""Size, speed, write amplification

Measured with 10,000 users of usual size, each with all extra fields that the variant can store.
INSERT ... SELECT loads them into a database of their own, and VACUUM follows. A question that
writes gets a copy. There are no times: a page (8 kB) read or a byte written is the same on every
machine.
"""

import itertools
from contextlib import contextmanager
from datetime import date
from statistics import median

import pytest
from django.contrib.auth import load_backend
from django.contrib.auth.hashers import make_password
from django.db import connection, connections, models, transaction
from django.db.models.signals import post_init
from django.utils import timezone
from players import roster

from suite.compare import ANYTHING_ELSE, CANNOT, at_least, at_most, compare, docs, since
from suite.evidence import evidence
from suite.outcomes import rows, saw
from suite.projects import drop_database, make_database
from suite.sessions import session
from suite.variant import PASSWORD, PlayerModel, User, enrolled, enrolled_many, extras_of, path

PLAYERS = 10_000
GROWN_UP = date(2008, 1, 1)

USERS = User._meta.db_table
HOT = "PostgreSQL 18 docs, Heap-Only Tuples (HOT)"
HAS_OWN_TABLE = PlayerModel.__name__ == "Person"
TABLES = [USERS, PlayerModel._meta.db_table] if HAS_OWN_TABLE else [USERS]

A_USER = {
    "username": "'player' || lpad(i::text, 6, '0')",
    "email": "'player' || lpad(i::text, 6, '0') || '@example.org'",
    "first_name": "''",
    "last_name": "''",
    "is_staff": "false",
    "is_superuser": "false",
    "is_active": "true",
    "date_joined": "timestamptz '2025-12-31 12:00:00.123456+00'",
    "last_login": "timestamptz '2026-01-01 12:00:00.123456+00'",
}
EXTRAS = {
    "birthdate": "date '1970-01-01' + mod(i * 7919, 16800)",
    "discord_id": "(100000000000000000 + i)::text",
    "zoom_id": "(1000000000 + i)::text",
}


def load():
    password = {"password": f"'{make_password(PASSWORD, hasher='argon2')}'"}
    a_user = A_USER | password | (EXTRAS if PlayerModel is User else {})
    insert(USERS, a_user, f"generate_series(1, {PLAYERS}) AS i")
    if HAS_OWN_TABLE:
        users = f"(SELECT id, right(username, 6)::int AS i FROM {USERS} ORDER BY id) AS users"
        insert(PlayerModel._meta.db_table, {"user_id": "id"} | EXTRAS, users)
    for table in TABLES:
        rows(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    rows("VACUUM (FREEZE, ANALYZE)")


def insert(table, values, source):
    sql = f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())}"
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FROM {source}")


A_PLAYERS_EXTRAS = {
    "birthdate": date(1999, 9, 9),
    "discord_id": "100000000000000001",
    "zoom_id": "1234567890",
}


@contextmanager
def connected_to(database):
    """Connect Django to another database inside the block, in autocommit."""
    usual = connections["default"]
    other = usual.copy()
    other.settings_dict["NAME"] = database
    connections["default"] = other
    try:
        yield
    finally:
        other.close()
        connections["default"] = usual


@contextmanager
def copy_of(template, name):
    """Create a database for the block, and yield its name."""
    make_database(name, template)
    try:
        yield name
    finally:
        drop_database(name)


@pytest.fixture(scope="module")
def loaded(projects, django_db_blocker):
    with copy_of(projects.template, f"test_{projects.source.name}_large") as name:
        with django_db_blocker.unblock(), connected_to(name):
            load()
        yield name


@pytest.fixture(scope="module")
def with_room(loaded, django_db_blocker):
    with copy_of(loaded, loaded + "_with_room") as name:
        with django_db_blocker.unblock(), connected_to(name):
            for table in TABLES:
                rows(f"ALTER TABLE {table} SET (fillfactor = 50)")
                rows(f"VACUUM (FULL, FREEZE, ANALYZE) {table}")
                rows(f"ALTER TABLE {table} RESET (fillfactor)")
        yield name


@pytest.fixture
def large(loaded):
    """Connect to the 10,000 users, for questions that do not change the tables' pages."""
    with connected_to(loaded):
        yield


@pytest.fixture
def writable(loaded):
    """Connect to a copy of the 10,000 users. Each page is full."""
    with copy_of(loaded, loaded + "_copy") as name, connected_to(name):
        yield


@pytest.fixture
def five(with_room):
    """Return the usernames of five users on half-full pages that no other question writes to."""
    with connected_to(with_room):
        yield [f"player{next(untouched):06}" for _ in range(5)]


untouched = itertools.count(1, 199)


@pytest.fixture
def on_full_pages(writable):
    """Return the usernames of 100 users, each on a full page of its own."""
    return [f"player{number:06}" for number in range(20, 4020, 40)]


def about(value, step):
    """Round the value to a multiple of `step`."""
    return round(value / step) * step


def table_of_the_extras():
    return PlayerModel._meta.get_field("birthdate").model._meta.db_table


@contextmanager
def index_on_birthdate():
    rows(f"CREATE INDEX birthdate_index ON {table_of_the_extras()} (birthdate)")
    yield
    rows("DROP INDEX birthdate_index")


def pages(action):
    """Return how many pages the action's SELECTs read, from memory or disk, in their third run."""
    action(), action()
    plans = []

    def explaining(execute, sql, params, many, context):
        explain = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) "
        with connection.connection.cursor() as cursor:
            plans.append(cursor.execute(explain + sql, params).fetchone()[0][0]["Plan"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explaining):
        action()
    touched = 0
    for plan in plans:
        evidence.add("plan", "\n".join(nodes(plan)))
        touched += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return saw(touched)


def nodes(plan, depth=0):
    place = plan.get("Index Name") or plan.get("Relation Name")
    yield "  " * depth + plan["Node Type"] + (f" on {place}" if place else "")
    for inner in plan.get("Plans", []):
        yield from nodes(inner, depth + 1)


def written(action, players, times=4):
    """Return the median (records, bytes) that one call of action(player) adds to the write-ahead
    log, each player `times` times.

    Leave out calls that log a whole page. After a checkpoint the first change of each page does,
    and other databases of the server decide when a checkpoint comes.
    """
    found = []
    for player in players * times:
        log_page_of(player)
        before = log_so_far()
        action(player)
        added = [now - then for now, then in zip(log_so_far(), before, strict=True)]
        records, whole_pages, size = added
        if not whole_pages:
            found.append((records, int(size)))
    return tuple(median(values) for values in zip(*found, strict=True))


def log_page_of(player):
    """Lock the next user, so that the page they share is in the log before the measurement."""
    with transaction.atomic():
        User.objects.select_for_update().get(username=f"player{int(player[6:]) + 1:06}")


def log_so_far():
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT wal_records, wal_fpi, wal_bytes FROM pg_stat_get_backend_wal(pg_backend_pid())"
        )
        return cursor.fetchone()


def hot_share(table, action, players, times=4):
    """Return the percentage of HOT updates of a table while action(player) runs `times` times for
    each player."""
    before = updates(table)
    for player in players * times:
        action(player)
    updated, hot = (now - then for now, then in zip(updates(table), before, strict=True))
    return saw(100 * hot // updated)


def updates(table):
    rows("SELECT pg_stat_force_next_flush()")
    sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = %s"
    return rows(sql, [table])[0]


def with_extras(users):
    """Return the users with their extra fields, in as few statements as the ORM allows."""
    if hasattr(User, "person_set"):
        return users.prefetch_related("person_set")
    return users.select_related("person") if hasattr(User, "person") else users


def log_in(player):
    User.objects.filter(username=player).update(last_login=timezone.now())


def edit_birthdate(player):
    user = "user__username" if HAS_OWN_TABLE else "username"
    PlayerModel.objects.filter(**{user: player}).update(birthdate=models.F("birthdate") + 1)


@compare(
    proxy_model=350,
    profile_onetoone=440,
    custom_user=390,
    foreignkey=480,
    so_what=(
        "Disk space is hardly a reason to choose an approach. A profile table took 10 to 25 "
        "percent more than the same fields on a custom user."
    ),
)
def test_bytes_of_disk_per_player(large):
    """How many bytes of disk does a user take, with extra fields and all indexes?"""
    used = sum(
        size for ((size,),) in (rows("SELECT pg_total_relation_size(%s)", [t]) for t in TABLES)
    )
    return about(saw(used / PLAYERS), 10)


@compare(
    proxy_model={"auth_user: relation": 215, "auth_user: indexes": 125},
    profile_onetoone={
        "auth_user: relation": 215,
        "auth_user: indexes": 125,
        "person: relation": 70,
        "person: indexes": 25,
    },
    custom_user={"players_user: relation": 265, "players_user: indexes": 125},
    foreignkey={
        "auth_user: relation": 215,
        "auth_user: indexes": 125,
        "person: relation": 75,
        "person: indexes": 50,
    },
    so_what=(
        "Make a OneToOneField the profile's primary key to save an index. A ForeignKey profile "
        "has two indexes, one for its own id and one for the user."
    ),
)
def test_bytes_of_disk_in_rows_and_in_indexes(large):
    """How many bytes per user do the rows (relation) and the indexes of each table take?"""
    return {
        f"{table}: {part}": about(
            saw(rows(f"SELECT pg_{part}_size(%s)", [table])[0][0] / PLAYERS), 5
        )
        for table in TABLES
        for part in ("relation", "indexes")
    }


@compare(
    proxy_model={"auth_user": 210},
    profile_onetoone={"auth_user": 210, "person": 60},
    custom_user={"players_user": 250},
    foreignkey={"auth_user": 210, "person": 70},
    so_what=(
        "Expect at least 28 bytes for each profile row besides its values. PostgreSQL adds a "
        "header of at least 24 bytes and a pointer of 4 bytes to every row."
    ),
    source="PostgreSQL 18 docs, Database Page Layout, Table Row Layout",
)
def test_bytes_of_one_row(large):
    """How many bytes long is an average row of each table, with the row's header?"""
    return {
        table: about(rows(f"SELECT avg(pg_column_size(t.*))::int FROM {table} AS t")[0][0], 5)
        for table in TABLES
    }


@compare(
    proxy_model=38,
    profile_onetoone=38,
    custom_user=31,
    foreignkey=38,
    so_what=(
        "Keep the user row short if queries read many users. PostgreSQL reads and caches whole "
        "pages, and a page holds more short rows than long ones."
    ),
    source="PostgreSQL 18 docs, Database Page Layout",
)
def test_users_on_one_page(large):
    """How many users fit on one page of the user table?"""
    [(size,)] = rows("SELECT pg_relation_size(%s)", [USERS])
    return about(saw(PLAYERS * 8192 / size), 1)


@since("PostgreSQL 18")  # pg_stat_get_backend_wal()
@compare(
    proxy_model=480,
    profile_onetoone=760,
    custom_user=520,
    foreignkey=760,
    mark="surprising",
    so_what=(
        "Expect a registration to write about 50% more log if it also inserts a profile row. That "
        "alone is no reason to choose an approach."
    ),
)
def test_log_bytes_of_one_registration(five):
    """How many bytes of write-ahead log does one new user write, with extra fields where the
    approach stores them?"""
    number = itertools.count()
    _, size = written(lambda _: enrolled(f"newcomer{next(number):06}", **A_PLAYERS_EXTRAS), five)
    return about(size, 40)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=6,
    custom_user=3,
    foreignkey=6,
    so_what=(
        "Do not choose an approach because of single look-ups. The join to a profile doubles the "
        "pages that PostgreSQL reads, but only from three to six."
    ),
)
def test_pages_to_find_one_player(large):
    """How many pages does PostgreSQL read to find one user's birthdate by username?"""
    found = User.objects.filter(username="player005000").values(path("birthdate"))
    return pages(lambda: list(found.all()))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=155,
    custom_user=5,
    foreignkey=455,
    mark="surprising",
    fits=at_most(50),
    costs=ANYTHING_ELSE,
    so_what=(
        "For a list with a ForeignKey profile, use prefetch_related() instead of a subquery for "
        "each extra field. Every such subquery looks up the profile row again."
    ),
)
def test_pages_for_fifty_players(large):
    """A query lists 50 users with extra fields: by a join (OneToOne), or a subquery per field
    (ForeignKey). How many pages of 8 kB does PostgreSQL read?"""
    return about(pages(lambda: roster.page("player005000", 50)[0]["birthdate"]), 5)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=350,
    custom_user=360,
    foreignkey=360,
    so_what=(
        "In a list sorted by username, filter by the last username seen instead of using OFFSET. "
        "With OFFSET, PostgreSQL also reads the rows that it skips."
    ),
    source="PostgreSQL 18 docs, 7.6. LIMIT and OFFSET",
)
def test_pages_for_the_last_fifty_by_offset(large):
    """A list of 10,000 users with their birthdates is sorted by username. How many pages does
    PostgreSQL read for the last 50 with OFFSET?"""
    by_name = User.objects.order_by("username").values("username", path("birthdate"))
    return about(pages(lambda: list(by_name[PLAYERS - 50 : PLAYERS])), 10)


def first_by_birthdate():
    return list(
        User.objects.order_by(path("birthdate")).values("username", path("birthdate"))[:100]
    )


@compare(
    proxy_model=CANNOT,
    profile_onetoone=350,
    custom_user=320,
    foreignkey=360,
    so_what=(
        "To list the oldest of many users, index birthdate, and with a profile start the query "
        "from Person. Without an index, PostgreSQL reads all rows."
    ),
)
def test_pages_for_the_eldest_without_an_index(large):
    """How many pages does PostgreSQL read to find the 100 oldest users without an index on
    birthdate?"""
    return about(pages(first_by_birthdate), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=350,
    custom_user=100,
    foreignkey=360,
    mark="surprising",
    fits=at_most(150),
    costs=ANYTHING_ELSE,
    so_what=(
        "Do not expect a profile's index to sort a query from User: because of the LEFT JOIN, "
        "PostgreSQL reads all rows. With many users, start from Person."
    ),
    source="PostgreSQL 18 docs, 11.4. Indexes and ORDER BY",
)
def test_pages_for_the_eldest_with_an_index(large):
    """The birthdate has an index. How many pages does PostgreSQL read if User.objects lists the 100
    oldest of 10,000 users?"""
    with index_on_birthdate():
        return about(pages(first_by_birthdate), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=400,
    custom_user=100,
    foreignkey=400,
    mark="surprising",
    so_what=(
        'With far more than 10,000 users, start from Person and use select_related("user"): '
        "PostgreSQL then looks up only 100 users. With 10,000, this reads no fewer pages."
    ),
    source="PostgreSQL 18 docs, 11.4. Indexes and ORDER BY",
)
def test_pages_for_the_eldest_from_the_extras_side(large):
    """The birthdate has an index. How many pages does Person.objects (or the custom User.objects)
    read for the 100 oldest of 10,000?"""
    eldest = PlayerModel.objects.select_related(*["user"] * HAS_OWN_TABLE).order_by("birthdate")[
        :100
    ]
    with index_on_birthdate():
        return about(pages(lambda: list(eldest.all())), 10)


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def count_minors():
    return PlayerModel.objects.filter(birthdate__gt=GROWN_UP).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=80,
    custom_user=320,
    foreignkey=90,
    mark="surprising",
    fits=at_most(100),
    so_what=(
        "If a count needs only extra fields, count Person rows. A profile table is smaller than a "
        "user table with the same extra fields, so PostgreSQL reads fewer pages."
    ),
)
def test_pages_to_count_minors(large):
    """The birthdate has no index. How many pages does PostgreSQL read to count the users under 18
    in the variant's own model?"""
    return about(pages(count_minors), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=110,
    custom_user=320,
    foreignkey=120,
    so_what=(
        "To count users by a profile's field, call count() on Person.objects. From User.objects, "
        "PostgreSQL also reads an index of the user table for the join."
    ),
)
def test_pages_to_count_minors_from_the_user(large):
    """The birthdate has no index. How many pages does PostgreSQL read if User.objects counts the
    users under 18?"""
    minors = User.objects.filter(**{f"{path('birthdate')}__gt": GROWN_UP})
    return about(pages(lambda: minors.all().count()), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=10,
    custom_user=10,
    foreignkey=10,
    so_what=(
        "If you often count users by birthdate, index birthdate. After a recent VACUUM, "
        "PostgreSQL can read only the index, so the length of the rows does not matter."
    ),
    source="PostgreSQL 18 docs, 11.9. Index-Only Scans and Covering Indexes",
)
def test_pages_to_count_minors_with_an_index(large):
    """The birthdate has an index, and VACUUM has just run. How many pages does counting the users
    under 18 read?"""
    with index_on_birthdate():
        return about(pages(count_minors), 5)


@compare(
    proxy_model=100,
    profile_onetoone=100,
    custom_user=100,
    foreignkey=100,
    fits=[100],
    so_what=(
        "Do not index last_login. Without an index on it, a login touches no index while the page "
        "has free space, even if the user row is long."
    ),
    source=HOT,
)
def test_logins_that_touch_no_index(five):
    """Pages of the user table have free space. What percentage of logins are HOT updates, which
    touch no index?"""
    return hot_share(USERS, log_in, five)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=100,
    custom_user=100,
    foreignkey=100,
    mark="surprising",
    fits=[100],
    so_what=(
        "While pages have free space, a login touches no index. On full pages, it also updates a "
        "custom user's birthdate index, but no index of a profile table."
    ),
    source=HOT,
)
def test_logins_with_the_birthdate_indexed(five):
    """Pages of the user table have free space, and birthdate has an index. What percentage of
    logins are HOT updates, which touch no index?"""
    with index_on_birthdate():
        return hot_share(USERS, log_in, five)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=100,
    custom_user=100,
    foreignkey=100,
    so_what=(
        "Index an extra field only if queries need the index. Editing a field without an index "
        "touches no index while the page has free space."
    ),
    source=HOT,
)
def test_edits_that_touch_no_index(five):
    """Pages have free space, and birthdate has no index. What percentage of birthdate edits are HOT
    updates, which touch no index?"""
    return hot_share(table_of_the_extras(), edit_birthdate, five)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    so_what=(
        "Before you index an extra field that users often edit, consider a profile. Each edit "
        "also adds entries to the table's other indexes, and the user table has more indexes."
    ),
    source=HOT,
)
def test_edits_with_the_birthdate_indexed(five):
    """Pages have free space, and birthdate has an index. What percentage of birthdate edits are HOT
    updates, which touch no index?"""
    with index_on_birthdate():
        return hot_share(table_of_the_extras(), edit_birthdate, five)


@since("PostgreSQL 18")  # pg_stat_get_backend_wal()
@compare(
    proxy_model=100,
    profile_onetoone=100,
    custom_user=100,
    foreignkey=100,
    mark="surprising",
    so_what=(
        "Do not choose an approach by its login cost: the UPDATE of last_login writes equally "
        "little log in each. A page's first change after a checkpoint writes more."
    ),
)
def test_log_bytes_of_one_login(five):
    """Pages of the user table have free space. How many bytes of write-ahead log does a login's
    UPDATE of last_login write?"""
    return about(written(log_in, five)[1], 50)


@compare(
    proxy_model=0,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    costs=[0],
    so_what=(
        "For many logins, set a lower fillfactor on the user table and rewrite it once, for "
        "example by VACUUM FULL. On a full page, a login writes every index."
    ),
    source=HOT,
)
def test_logins_on_full_pages(on_full_pages):
    """Pages of the user table are full. What percentage of logins are HOT updates, which touch no
    index?"""
    return hot_share(USERS, log_in, on_full_pages, times=1)


@since("PostgreSQL 18")  # pg_stat_get_backend_wal()
@compare(
    proxy_model=CANNOT,
    profile_onetoone=600,
    custom_user=700,
    foreignkey=600,
    so_what=(
        "For many logins, lower the user table's fillfactor. On a full page, a login wrote at "
        "least six times as much log as on a page with free space."
    ),
    source=HOT,
)
def test_log_bytes_of_one_login_on_a_full_page(on_full_pages):
    """Pages of the user table are full, and birthdate has an index. How many bytes of write-ahead
    log does a login write?"""
    with index_on_birthdate():
        return about(written(log_in, on_full_pages, times=1)[1], 100)


@since("PostgreSQL 18")  # pg_stat_get_backend_wal()
@compare(
    proxy_model=CANNOT,
    profile_onetoone=250,
    custom_user=450,
    foreignkey=300,
    mark="surprising",
    fits=at_most(300),
    costs=at_least(400),
    so_what=(
        "If users often edit an indexed extra field, a profile saves write-ahead log. Each edit "
        "adds an entry to every index of its table, and the user table has more."
    ),
    source=HOT,
)
def test_log_bytes_of_one_edit(five):
    """Pages have free space, and birthdate has an index. How many bytes of write-ahead log does a
    birthdate edit write?"""
    with index_on_birthdate():
        return about(written(edit_birthdate, five)[1], 50)


@since("PostgreSQL 18")  # pg_stat_get_backend_wal()
@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=5,
    foreignkey=3,
    mark="surprising",
    fits=at_most(3),
    costs=at_least(5),
    so_what=(
        "If an edit changes a column in a B-tree index, expect new entries in the table's other "
        "indexes too. The user table has more indexes than a profile."
    ),
    source=HOT,
)
def test_index_entries_of_one_edit(five):
    """The birthdate column is indexed, and its table pages have free space. How many index entries
    does one changed birthdate add?"""
    plain, _ = written(edit_birthdate, five)
    with index_on_birthdate():
        indexed, _ = written(edit_birthdate, five)
    return saw(int(indexed - plain))


def growth(table, action):
    size = "SELECT pg_total_relation_size(%s)"
    [(before,)] = rows(size, [table])
    action()
    [(after,)] = rows(size, [table])
    return about(saw((after - before) / PLAYERS), 10)


@compare(
    proxy_model=330,
    profile_onetoone=330,
    custom_user=380,
    foreignkey=330,
    mark="surprising",
    so_what=(
        "Update all rows of a large table in batches, with VACUUM in between, so that PostgreSQL "
        "reuses the space. One UPDATE of all rows can double the table."
    ),
    source="PostgreSQL 18 docs, Recovering Disk Space",
)
def test_growth_by_writing_every_last_login(writable):
    """One UPDATE sets last_login of every user. By how many bytes per user does the user table
    grow, with its indexes?"""
    now = "2026-03-01T12:00:00.123456Z"
    return growth(USERS, lambda: User.objects.update(last_login=now))


@compare(
    proxy_model=330,
    profile_onetoone=330,
    custom_user=380,
    foreignkey=330,
    so_what=(
        "Do not expect VACUUM to shrink a table: it usually frees space for new rows inside the "
        "file. VACUUM FULL shrinks the file, but locks the table meanwhile."
    ),
    source="PostgreSQL 18 docs, Recovering Disk Space",
)
def test_growth_left_after_vacuum(writable):
    """One UPDATE sets last_login of every user, then VACUUM runs. By how many bytes per user is the
    user table larger than before?"""
    now = "2026-03-01T12:00:00.123456Z"

    def write_and_vacuum():
        User.objects.update(last_login=now)
        rows(f"VACUUM {USERS}")

    return growth(USERS, write_and_vacuum)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=90,
    custom_user=380,
    foreignkey=120,
    mark="surprising",
    fits=at_most(150),
    costs=at_least(300),
    so_what=(
        "If a job often updates an extra field of all users, a profile saves space. PostgreSQL "
        "writes new small profile rows instead of new whole user rows."
    ),
    source="PostgreSQL 18 docs, Recovering Disk Space",
)
def test_growth_by_writing_every_birthdate(writable):
    """One UPDATE changes every user's birthdate. By how many bytes per user does the table with the
    birthdates grow?"""
    later = models.F("birthdate") + 1
    return growth(table_of_the_extras(), lambda: PlayerModel.objects.update(birthdate=later))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    fits=[False],
    so_what=(
        "You can add a field with a constant default even to a large user table. PostgreSQL "
        "stores the default in its catalog and does not rewrite the table."
    ),
    source='PostgreSQL 18 docs, ALTER TABLE, section "Notes"',
)
def test_a_new_attribute_rewrites_the_table(large):
    """A migration adds a NOT NULL text field with a constant default. Does PostgreSQL rewrite the
    table?"""
    table = table_of_the_extras()
    added = models.TextField(default="")
    added.set_attributes_from_name("timezone")
    file = f"SELECT pg_relation_filenode('{table}')"
    with undone():
        before = rows(file)
        with connection.schema_editor() as editor:
            editor.add_field(PlayerModel, added)
        return rows(file) != before


@compare(
    proxy_model=CANNOT,
    profile_onetoone=45,
    custom_user=45,
    foreignkey=45,
    so_what=(
        "Index size is no reason to choose: a unique index on discord_id takes the same space in "
        "a profile and in a custom user."
    ),
)
def test_bytes_of_a_unique_index_on_discord_id(large):
    """How many bytes per user does a unique index on discord_id take?"""
    with undone():
        rows(f"CREATE UNIQUE INDEX one_discord_id ON {table_of_the_extras()} (discord_id)")
        [(size,)] = rows("SELECT pg_relation_size('one_discord_id')")
    return about(saw(size / PLAYERS), 5)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[False],
    costs=[True],
    so_what=(
        "On a custom user in use, add an index with AddIndexConcurrently and atomic = False. A "
        "plain AddIndex makes logins wait until the migration's transaction ends."
    ),
    source='PostgreSQL 18 docs, CREATE INDEX, section "Building Indexes Concurrently"',
)
def test_login_waits_while_an_index_is_built(transactional_db, alice):
    """Does a login wait while CREATE INDEX (not CONCURRENTLY) builds an index on an extra field?"""
    index = f"CREATE INDEX ON {table_of_the_extras()} (discord_id)"
    with session() as migration, session() as visitor:
        migration.begin()
        migration.do(lambda: rows(index))
        visitor.start(lambda: User.objects.filter(pk=alice.pk).update(last_login=None))
        waits = visitor.is_waiting()
        migration.rollback()
        visitor.finish()
    return waits


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1000,
    custom_user=0,
    foreignkey=1000,
    fits=[0],
    costs=[1000],
    so_what=(
        "After bulk_create() of users, create the missing profile rows, or write code that "
        "handles them. With a custom user, the extra fields are NULL in the same row."
    ),
    source=docs("QuerySet API reference", "bulk_create()"),
)
def test_rows_to_backfill_for_users_without_extras():
    """User.objects.bulk_create() added 1,000 users. How many profile rows must you add
    afterwards?"""
    User.objects.bulk_create([User(username=f"late{i:04}") for i in range(1000)])
    without = User.objects.filter(username__startswith="late", **{f"{path('pk')}__isnull": True})
    return without.values(path("birthdate")).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=350,
    custom_user=320,
    foreignkey=360,
    so_what=(
        "An export of all users is no reason to choose: the join to a profile read only about a "
        "tenth more pages than a custom user."
    ),
)
def test_pages_for_an_export(large):
    """How many pages does PostgreSQL read to export every username and birthdate?"""
    export = User.objects.values_list("username", path("birthdate"))
    return about(pages(lambda: list(export.all())), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2000,
    custom_user=1000,
    foreignkey=2000,
    mark="surprising",
    so_what=(
        "To show many users, call values(), which creates no model instances. Otherwise Django "
        "creates a second Python object for each user with a profile."
    ),
    source=docs("Database access optimization", "Use QuerySet.values() and values_list()"),
)
def test_objects_made_for_a_thousand_players(large):
    """How many model instances does Django create to show 1,000 users with their extra fields?"""
    made = []

    def count(sender, **kwargs):
        made.append(sender)

    post_init.connect(count)
    try:
        list(with_extras(User.objects.filter(**{f"{path('birthdate')}__isnull": False}))[:1000])
    finally:
        post_init.disconnect(count)
    return len(made)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=100,
    foreignkey=0,
    mark="surprising",
    fits=[0],
    costs=[100],
    so_what="request.user fetches every column of the user. Put long, rarely shown values into a "
    "profile, even beside a custom user.",
    source=docs("QuerySet API reference", "defer()"),
)
def test_biography_loaded_with_each_request(alice):
    """An extra field contains 100 kB of text. How many kB of it does loading request.user fetch?"""
    extras = extras_of(alice)
    extras.zoom_id = "A" * 100_000
    extras.save(update_fields=["zoom_id"])
    user = load_backend("django.contrib.auth.backends.ModelBackend").get_user(alice.pk)
    return sum(len(text) for text in vars(user).values() if isinstance(text, str)) // 1000


@since("PostgreSQL 18")  # pg_stat_get_backend_wal()
@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    fits=[False],
    so_what=(
        "A long extra field does not make logins write more. PostgreSQL keeps long values in a "
        "TOAST table, and an UPDATE of other columns does not write them again."
    ),
    source="PostgreSQL 18 docs, Out-of-Line, On-Disk TOAST Storage",
)
def test_biography_logged_again_at_login(five):
    """An extra field contains 100 kB of text. Does each login write it to the write-ahead log
    again?"""
    text = "(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 3125) AS i)"
    key = "user_id" if HAS_OWN_TABLE else "id"
    rows(
        f"UPDATE {table_of_the_extras()} SET zoom_id = {text} "
        f"WHERE {key} IN (SELECT id FROM {USERS} WHERE username = ANY(%s))",
        [five],
    )
    return written(log_in, five)[1] > 10_000


@compare(
    proxy_model=14,
    profile_onetoone=15,
    custom_user=14,
    foreignkey=15,
    so_what=(
        "Deleting many users is no reason to choose: a profile table added one statement for "
        "1,000 users, not one for each user."
    ),
    source=docs("QuerySet API reference", "delete()"),
)
def test_statements_to_delete_a_thousand(statements):
    """A queryset of 1,000 users calls delete(). How many statements does Django run?"""
    enrolled_many(1000)
    statements.clear()
    User.objects.filter(username__startswith="player").delete()
    return len(statements)
