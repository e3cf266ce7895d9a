"""Size, speed, write amplification

Measured with 10,000 players of usual size, each with all extras that the variant can keep. They are
loaded by INSERT ... SELECT into a database of their own and vacuumed; a question that writes gets a
copy. No times: a page (8 kB) read or a byte written is the same on a fast machine and a slow one.
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

from suite.compare import CANNOT, compare, docs, since
from suite.evidence import evidence
from suite.outcomes import rows, saw
from suite.projects import on_server
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
    """Django's connection is to another database, in autocommit, for the block."""
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
    """The name of a database that is made for the block."""
    on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


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
    """The 10,000 players, for questions that leave PostgreSQL's pages as they are."""
    with connected_to(loaded):
        yield


@pytest.fixture
def writable(loaded):
    """A copy of the 10,000 players, each page full."""
    with copy_of(loaded, loaded + "_copy") as name, connected_to(name):
        yield


@pytest.fixture
def five(with_room):
    """Five players, in half full pages that no other question has written to; their usernames."""
    with connected_to(with_room):
        yield [f"player{next(untouched):06}" for _ in range(5)]


untouched = itertools.count(1, 199)


def about(value, step):
    """The value, rounded to a multiple of `step`."""
    return round(value / step) * step


def table_of_the_extras():
    return PlayerModel._meta.get_field("birthdate").model._meta.db_table


@contextmanager
def index_on_birthdate():
    rows(f"CREATE INDEX birthdate_index ON {table_of_the_extras()} (birthdate)")
    yield
    rows("DROP INDEX birthdate_index")


def pages(action):
    """How many pages the action's SELECTs touch, in memory or not, the third time that they run."""
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


def written(action, players):
    """The median (records, bytes) that one call of action(player) adds to the write-ahead log.

    What a call writes as a whole page is not counted: after a checkpoint each page's first change
    is, and when a checkpoint comes is not ours to say.
    """
    found = []
    for player in players * 4:
        before = log_so_far()
        action(player)
        added = [now - then for now, then in zip(log_so_far(), before, strict=True)]
        records, whole_pages, size = added
        if not whole_pages:
            found.append((records, int(size)))
    return tuple(median(values) for values in zip(*found, strict=True))


def log_so_far():
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT wal_records, wal_fpi, wal_bytes FROM pg_stat_get_backend_wal(pg_backend_pid())"
        )
        return cursor.fetchone()


def hot_share(table, action, players):
    """What percentage of the updates of a table that action(player) makes are HOT."""
    before = updates(table)
    for player in players * 4:
        action(player)
    updated, hot = (now - then for now, then in zip(updates(table), before, strict=True))
    return saw(100 * hot // updated)


def updates(table):
    rows("SELECT pg_stat_force_next_flush()")
    sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = %s"
    return rows(sql, [table])[0]


def with_extras(users):
    """The users with all that is needed to read their extras, in as few statements as can be."""
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
    mark="useful",
    so_what=(
        "A second table costs 10 to 25 percent more disk than the same columns in the user's row."
    ),
)
def test_bytes_of_disk_per_player(large):
    """How many bytes of disk does a player take, with all indexes?"""
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
    mark="useful",
    so_what=(
        "A key of its own for each person costs as much index again as the key that is the user."
    ),
)
def test_bytes_of_disk_in_rows_and_in_indexes(large):
    """Of a player's bytes on disk, how many are rows, and how many indexes, in each table?"""
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
    mark="useful",
    so_what="Every row of PostgreSQL carries a header of 24 bytes, a person's too.",
    source="PostgreSQL 18 docs, Table Row Layout",
)
def test_bytes_of_one_row(large):
    """How many bytes does an average row of each table have?"""
    return {
        table: about(rows(f"SELECT avg(pg_column_size(t.*))::int FROM {table} AS t")[0][0], 5)
        for table in TABLES
    }


@compare(
    proxy_model=38,
    profile_onetoone=38,
    custom_user=31,
    foreignkey=38,
    mark="useful",
    so_what=(
        "The narrower the user's row, the more users each page of memory holds: a profile "
        "keeps what is rarely read away from what every request reads."
    ),
    source="PostgreSQL 18 docs, Database Page Layout",
)
def test_users_on_one_page(large):
    """How many users lie on one page of the user table, which is read and written as a whole?"""
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
        "Extra fields in the user's row add little to the write-ahead log. A second table adds "
        "half as much again."
    ),
)
def test_log_bytes_of_one_registration(five):
    """How many bytes of write-ahead log does storing one new user with a short hash write?"""
    number = itertools.count()
    _, size = written(lambda _: enrolled(f"newcomer{next(number):06}", **A_PLAYERS_EXTRAS), five)
    return about(size, 40)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=6,
    custom_user=3,
    foreignkey=6,
    mark="useful",
    so_what=(
        "The join doubles the pages, and both numbers are small: one player is never what is slow."
    ),
)
def test_pages_to_find_one_player(large):
    """How many pages does PostgreSQL touch to find one player's birthdate by their username?"""
    found = User.objects.filter(username="player005000").values(path("birthdate"))
    return pages(lambda: list(found.all()))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=155,
    custom_user=5,
    foreignkey=455,
    mark="surprising",
    so_what=(
        "Each user costs one index look-up in the profile table. foreignkey needs one subquery "
        "for each extra field, so each user costs three."
    ),
)
def test_pages_for_fifty_players(large):
    """How many pages of 8 kB does roster.page() read to list 50 users with their extra fields?"""
    return about(pages(lambda: roster.page("player005000", 50)[0]["birthdate"]), 5)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=350,
    custom_user=360,
    foreignkey=360,
    mark="useful",
    so_what=(
        "A deep OFFSET reads the whole roster in every approach: page by the last name seen "
        "instead."
    ),
    source="PostgreSQL 18 docs, 7.6. LIMIT and OFFSET",
)
def test_pages_for_the_last_fifty_by_offset(large):
    """How many pages are touched for the last 50 of the 10,000 by OFFSET, as a paginator asks?"""
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
    mark="useful",
    so_what="Without an index every approach reads everything.",
)
def test_pages_for_the_eldest_without_an_index(large):
    """How many pages are touched to name the 100 eldest players, without an index on birthdate?"""
    return about(pages(first_by_birthdate), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=350,
    custom_user=100,
    foreignkey=360,
    mark="surprising",
    so_what=(
        "From the user's side Django joins from the left, to keep users without a person: an "
        "order by the other table's column cannot then come from its index, which lies "
        "unused."
    ),
    source="PostgreSQL 18 docs, 11.4. Indexes and ORDER BY",
)
def test_pages_for_the_eldest_with_an_index(large):
    """How many pages are touched to name the 100 eldest, with an index on birthdate, by a query
    that starts from the user: User.objects.order_by(...)?
    """
    with index_on_birthdate():
        return about(pages(first_by_birthdate), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=400,
    custom_user=100,
    foreignkey=400,
    mark="surprising",
    so_what=(
        "With a profile, ask Person and select_related the user: the index is used and only "
        "100 rows are fetched, which at a million players is the difference between 400 pages"
        " and all of them."
    ),
    source="PostgreSQL 18 docs, 11.4. Indexes and ORDER BY",
)
def test_pages_for_the_eldest_from_the_extras_side(large):
    """How many pages are touched to name the 100 eldest, with an index on birthdate, by a query
    that starts from the class that has the birthdate?
    """
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
    so_what=(
        "A small table of its own is what makes a profile quicker: a scan for the extras "
        "reads none of the passwords and e-mails."
    ),
)
def test_pages_to_count_minors(large):
    """How many pages are touched to count the players under 18, without an index?"""
    return about(pages(count_minors), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=110,
    custom_user=320,
    foreignkey=120,
    mark="useful",
    so_what=(
        "Asked from the user's side, PostgreSQL also walks an index of the user table to join"
        " what it does not need."
    ),
)
def test_pages_to_count_minors_from_the_user(large):
    """How many pages are touched to count the players under 18 by User.objects.filter(...).count(),
    without an index?
    """
    minors = User.objects.filter(**{f"{path('birthdate')}__gt": GROWN_UP})
    return about(pages(lambda: minors.all().count()), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=10,
    custom_user=10,
    foreignkey=10,
    mark="useful",
    so_what=(
        "With an index and a vacuumed table the row's width no longer counts: the table is "
        "not read."
    ),
    source="PostgreSQL 18 docs, 11.9. Index-Only Scans and Covering Indexes",
)
def test_pages_to_count_minors_with_an_index(large):
    """How many pages are touched to count the players under 18 with an index on birthdate, after
    VACUUM?
    """
    with index_on_birthdate():
        return about(pages(count_minors), 5)


@compare(
    proxy_model=100,
    profile_onetoone=100,
    custom_user=100,
    foreignkey=100,
    mark="useful",
    so_what="last_login has no index, so a login is a HOT update, however wide the row is.",
    source=HOT,
)
def test_logins_that_touch_no_index(five):
    """Where pages have room, what percentage of logins updates the row without any index (HOT)?"""
    return hot_share(USERS, log_in, five)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=100,
    custom_user=100,
    foreignkey=100,
    mark="surprising",
    so_what=(
        "An index on an extra in the user's row does not make logins dearer: only a change of"
        " the indexed column ends HOT."
    ),
    source=HOT,
)
def test_logins_with_the_birthdate_indexed(five):
    """Where pages have room, what percentage of logins is HOT while birthdate has an index?"""
    with index_on_birthdate():
        return hot_share(USERS, log_in, five)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=100,
    custom_user=100,
    foreignkey=100,
    mark="useful",
    source=HOT,
)
def test_edits_that_touch_no_index(five):
    """What percentage of edits of a birthdate updates no index (HOT), if it has none?"""
    return hot_share(table_of_the_extras(), edit_birthdate, five)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    mark="useful",
    so_what=(
        "The index on the changed column ends HOT in each approach; what differs is how many "
        "other indexes the table has."
    ),
    source=HOT,
)
def test_edits_with_the_birthdate_indexed(five):
    """What percentage of edits of a birthdate is HOT (updates no index), if it has an index?"""
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
        "Only the changed bytes are logged where old and new row share a page, so a wide row "
        "makes no dearer login."
    ),
)
def test_log_bytes_of_one_login(five):
    """How many bytes of write-ahead log does a login make, where the page has room?"""
    return about(written(log_in, five)[1], 50)


@since("PostgreSQL 18")  # pg_stat_get_backend_wal()
@compare(
    proxy_model=CANNOT,
    profile_onetoone=250,
    custom_user=450,
    foreignkey=300,
    mark="surprising",
    so_what=(
        "In the user's row such an edit also renews the entries in all of the user table's indexes."
    ),
    source=HOT,
)
def test_log_bytes_of_one_edit(five):
    """How many bytes of write-ahead log does an edit of a birthdate make, if it has an index?"""
    with index_on_birthdate():
        return about(written(edit_birthdate, five)[1], 50)


@since("PostgreSQL 18")  # pg_stat_get_backend_wal()
@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=5,
    foreignkey=3,
    mark="surprising",
    so_what=(
        "A row that is not updated by HOT gets a new entry in every index of its table: five "
        "on a user, two on a person whose key is the user."
    ),
    source=HOT,
)
def test_index_entries_of_one_edit(five):
    """How many new index entries does one edit of an indexed birthdate make?"""
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
        "An UPDATE of everybody doubles the table and its indexes until VACUUM, extras and all."
    ),
    source="PostgreSQL 18 docs, Recovering Disk Space",
)
def test_growth_by_writing_every_last_login(writable):
    """One UPDATE sets last_login of everybody: by how many bytes per player does the disk fill?"""
    now = "2026-03-01T12:00:00.123456Z"
    return growth(USERS, lambda: User.objects.update(last_login=now))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=90,
    custom_user=380,
    foreignkey=120,
    mark="surprising",
    so_what=(
        "A backfill of an extra rewrites whole users in a custom user, small rows in a profile."
    ),
    source="PostgreSQL 18 docs, Recovering Disk Space",
)
def test_growth_by_writing_every_birthdate(writable):
    """One UPDATE moves everybody's birthdate by a day: by how many bytes per player does the disk
    fill?
    """
    later = models.F("birthdate") + 1
    return growth(table_of_the_extras(), lambda: PlayerModel.objects.update(birthdate=later))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="useful",
    so_what=(
        "A constant default is kept in the catalog, so a big user table is no reason against "
        "another column in it."
    ),
    source='PostgreSQL 18 docs, ALTER TABLE, section "Notes"',
)
def test_a_new_attribute_rewrites_the_table(large):
    """Does adding a mandatory text with a default, as a migration does it, rewrite the table?"""
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
    mark="known",
)
def test_bytes_of_a_unique_index_on_discord_id(large):
    """How many bytes per player does a unique index on discord_id take?"""
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
    so_what=(
        "On a custom user build the index with AddIndexConcurrently: a plain AddIndex stops "
        "all logins until it is done."
    ),
    source='PostgreSQL 18 docs, CREATE INDEX, section "Building Indexes Concurrently"',
)
def test_login_waits_while_an_index_is_built(transactional_db, alice):
    """Does a login wait while CREATE INDEX (not CONCURRENTLY) builds an index on an extra?"""
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
    mark="useful",
    so_what=(
        "With a second table existing users need a data migration, or code that minds a "
        "missing row for ever; in the user's row the columns are simply NULL."
    ),
    source=docs("QuerySet API reference", "bulk_create()"),
)
def test_rows_to_backfill_for_users_without_extras():
    """1,000 users came in by bulk_create(): how many rows must be added for their extras?"""
    User.objects.bulk_create([User(username=f"late{i:04}") for i in range(1000)])
    without = User.objects.filter(username__startswith="late", **{f"{path('pk')}__isnull": True})
    return without.values(path("birthdate")).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=350,
    custom_user=320,
    foreignkey=360,
    mark="useful",
    so_what="For everybody at once the join costs one hash table and a tenth more pages.",
)
def test_pages_for_an_export(large):
    """How many pages are touched to export everybody's username and birthdate?"""
    export = User.objects.values_list("username", path("birthdate"))
    return about(pages(lambda: list(export.all())), 10)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2000,
    custom_user=1000,
    foreignkey=2000,
    mark="surprising",
    so_what=(
        "In Python a profile is a second object for each player, which costs more than its "
        "join in PostgreSQL; values() makes none."
    ),
    source=docs("Database access optimization", "Use QuerySet.values() and values_list()"),
)
def test_objects_made_for_a_thousand_players(large):
    """How many model instances does Django make in Python to show 1,000 players with extras?"""
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
    so_what=(
        "request.user fetches every column of the user: what is long and rarely shown belongs"
        " into a profile, even beside a custom user."
    ),
    source=docs("QuerySet API reference", "defer()"),
)
def test_biography_loaded_with_each_request(alice):
    """An extra holds 100 kB of text: how many kB are loaded with request.user on every page?"""
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
    so_what=(
        "A long value lies in the TOAST table and an UPDATE that leaves it alone only keeps "
        "pointing at it."
    ),
    source="PostgreSQL 18 docs, Out-of-Line, On-Disk TOAST Storage",
)
def test_biography_logged_again_at_login(five):
    """An extra holds 100 kB of text: does each login write them to the write-ahead log again?"""
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
    mark="useful",
    so_what="The second table costs one statement, however many players go.",
    source=docs("QuerySet API reference", "delete()"),
)
def test_statements_to_delete_a_thousand(statements):
    """How many statements does .delete() of 1,000 players send?"""
    enrolled_many(1000)
    statements.clear()
    User.objects.filter(username__startswith="player").delete()
    return len(statements)
