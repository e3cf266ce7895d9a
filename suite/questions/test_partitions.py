"""Tables spread by user

The fixtures copy the user table and each table that references it into a schema that PostgreSQL
searches first. The copies are hash-partitioned by the user's id. The partitions stand for servers:
in both cases the database looks for duplicates in one place only.
"""

import re
from pathlib import Path

import pytest

from suite.compare import CANNOT, compare, docs
from suite.outcomes import outcome, plan, rows, saw, tables
from suite.variant import User, extras_class

USERS = User._meta.db_table
PARTITIONS = 4
CLAIMS = Path(__file__).parents[1] / "claims"
LIMITATIONS = "PostgreSQL 18 docs, 5.12.2.3. Limitations"


@pytest.fixture
def partitioned():
    """Make the partitioned tables, without constraints. Return [(original table, the column that
    holds the user's id)], the user table first."""
    known = tables()
    pointing = [
        (table, key.columns[0])
        for table in known.values()
        for key in table.foreign_keys
        if key.target == USERS
    ]
    places = [(known[USERS], "id"), *pointing]
    rows("CREATE SCHEMA partitioned; SET search_path = partitioned, public")
    for table, column in places:
        like = f"(LIKE public.{table.name} INCLUDING DEFAULTS INCLUDING IDENTITY)"
        rows(f"CREATE TABLE {table.name} {like} PARTITION BY HASH ({column})")
        for number in range(PARTITIONS):
            part = f"{table.name}_{number} PARTITION OF {table.name}"
            rows(f"CREATE TABLE {part} FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})")
    return places


@pytest.fixture
def keyed(partitioned):
    """The same with primary keys, which include the user's id where PostgreSQL demands it."""
    add_primary_keys(partitioned)
    return partitioned


def add_primary_keys(places):
    """Add each table's primary key, with the user's id in front where PostgreSQL rejects it.
    Return the rejected ones."""
    rejected = []
    for table, column in places:
        [key] = [", ".join(index.keys) for index in table.indexes if index.primary]
        if not accepts(table, f"PRIMARY KEY ({key})"):
            rejected.append(f"{table.name} ({key})")
            assert accepts(table, f"PRIMARY KEY ({column}, {key})")
    return rejected


def accepts(table, definition):
    return accepted(f"ALTER TABLE {table.name} ADD {definition}")


def accepted(sql):
    return outcome(lambda: rows(sql)) == "accepted"


def partitions_read(query):
    return len(set(re.findall(rf" on ({USERS}_\d)\b", plan(query))))


def claims(name):
    """Return the SQL of a file in suite/claims/, which the page "Beyond one machine" shows."""
    return (CLAIMS / f"{name}.sql").read_text().replace("players_user", USERS).strip()


@compare(
    proxy_model=["upper(username::text)", "username"],
    profile_onetoone=["upper(username::text)", "username"],
    custom_user=["upper(username::text)", "username"],
    foreignkey=["upper(username::text)", "username"],
    so_what=(
        "If you partition users by id, keep usernames unique in a second table. A unique index on "
        "a partitioned table must contain the partition key."
    ),
    source=LIMITATIONS,
)
def test_unique_indexes_rejected_on_partitioned_users(partitioned):
    """The user table is hash-partitioned by id. Which of its unique indexes, apart from the primary
    key, does PostgreSQL reject?"""
    users, _ = partitioned[0]
    unique = [", ".join(it.keys) for it in users.indexes if it.unique and not it.primary]
    return [key for key in unique if not accepted(f"CREATE UNIQUE INDEX ON {USERS} ({key})")]


@compare(
    proxy_model=[
        "auth_user_groups (id)",
        "auth_user_user_permissions (id)",
        "django_admin_log (id)",
    ],
    profile_onetoone=[
        "auth_user_groups (id)",
        "auth_user_user_permissions (id)",
        "django_admin_log (id)",
    ],
    custom_user=[
        "django_admin_log (id)",
        "players_user_groups (id)",
        "players_user_user_permissions (id)",
    ],
    foreignkey=[
        "auth_user_groups (id)",
        "auth_user_user_permissions (id)",
        "django_admin_log (id)",
        "person (person_id)",
    ],
    so_what=(
        "If you partition tables by user, add user_id to each primary key that lacks it. A "
        "profile whose primary key is the user needs no change."
    ),
    source=LIMITATIONS,
)
def test_primary_keys_rejected_on_partitioned_tables(partitioned):
    """Each table that references users is hash-partitioned by the user's id. Which primary keys
    does PostgreSQL reject?"""
    return add_primary_keys(partitioned)


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what=(
        "Partitions on one server keep all foreign keys. Before you spread tables over several "
        "servers, check your tool: Citus, for example, accepts fewer foreign keys."
    ),
    source='Citus docs, "Creating and Modifying Distributed Objects (DDL)", section '
    '"Adding/Removing Constraints"',
)
def test_foreign_keys_accepted_on_partitioned_tables(keyed):
    """Each table that references users is hash-partitioned by the user's id. Does PostgreSQL accept
    all their foreign keys?"""
    return all(accepts(table, key.definition) for table, _ in keyed for key in table.foreign_keys)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[True],
    costs=[False],
    so_what=(
        "If you might partition profiles by user later, use the user as their primary key. A "
        "ForeignKey profile would need a two-column key, which Django's ForeignKey cannot "
        "reference."
    ),
    source=docs("Composite primary keys", "Composite primary keys and relations"),
)
def test_foreign_key_to_partitioned_extra_fields(keyed):
    """PostgreSQL hash-partitions the table with the extra fields by user. Can a foreign key of one
    column reference its rows?"""
    target = extras_class()._meta
    return accepted(
        f"CREATE TABLE badge (owner bigint REFERENCES {target.db_table} ({target.pk.column}))"
    )


@compare(
    proxy_model=4,
    profile_onetoone=4,
    custom_user=4,
    foreignkey=4,
    so_what=(
        "If users are partitioned by id, a look-up by username reads each partition. Look up the "
        "id in a second table first, then query by id."
    ),
    source="PostgreSQL 18 docs, 5.12.4. Partition Pruning",
)
def test_partitions_read_to_find_a_username(keyed):
    """The user table has four hash partitions by id. How many partitions does PostgreSQL read to
    find a username?"""
    rows(f"CREATE INDEX ON {USERS} (username)")
    assert partitions_read(User.objects.filter(pk=1)) == 1
    return partitions_read(User.objects.filter(username="alice"))


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what=(
        "If users are partitioned by id, let a trigger write each username in upper case into a "
        "second table, as its primary key. That table rejects duplicates."
    ),
)
def test_claim_table_rejects_a_taken_username(keyed):
    """Users are partitioned by id. A trigger writes each username in upper case into a second
    table. Does PostgreSQL reject ALICE if alice exists?"""
    rows(claims("table"))
    rows(claims("trigger"))
    alice = User.objects.create_user("alice")
    refused = outcome(lambda: User.objects.create_user("ALICE")) == "IntegrityError"
    assert rows(claims("find")) == [(alice.pk,)]
    assert saw(rows(claims("unclaimed"))) == []
    alice.delete()
    assert rows("SELECT * FROM username_claim") == []
    return refused
