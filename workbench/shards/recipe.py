"""The recipe on custom_user: its tables distributed by user, its usernames kept unique by claims.

The SQL is in benchmarks/sharding/; here it is run, and what came of it is written down.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

import psycopg

from workbench.errors import WorkbenchError
from workbench.server import postgres
from workbench.shards.tried import FOLDER, Connection, Trial, section, sections, tried

MOVE = "distribute.sql"
SITE = "claims.sql"
TABLES = (
    "players_user",
    "players_user_groups",
    "players_user_user_permissions",
    "django_admin_log",
)
# seconds in which the second of two registrations must be waiting for the first
PATIENCE = 30
COUNT_AND_SUM = "SELECT count(*), sum(hashtextextended(it::text, 0)::numeric) FROM {} AS it"

PLAYERS = """
INSERT INTO players_user (username, email, password, first_name, last_name,
                          is_superuser, is_staff, is_active, date_joined,
                          birthdate, discord_id, zoom_id)
SELECT 'Player' || lpad(n::text, 7, '0'), 'player' || n || '@example.com', '!', '', '',
       false, false, true, now(),
       date '1950-01-01' + n %% 20000, (20000000000000000 + n)::text, (400000000 + n)::text
FROM generate_series(1, %(players)s) AS n
"""
WORLD = """
INSERT INTO auth_group (name) VALUES ('bards');
INSERT INTO players_user_groups (user_id, group_id)
    SELECT players_user.id, auth_group.id FROM players_user, auth_group
    WHERE players_user.id % 10 = 0;
INSERT INTO players_user_user_permissions (user_id, permission_id)
    SELECT players_user.id, 1 FROM players_user WHERE players_user.id % 100 = 0;
INSERT INTO django_admin_log (user_id, object_repr, action_flag, change_message, action_time)
    SELECT id, username, 1, '', now() FROM players_user WHERE id % 100 = 0;
ANALYZE
"""


@dataclass(frozen=True)
class Moved:
    """How long each part of the move took in seconds, and how many rows went along, by table."""

    seconds: dict[str, float]
    rows: dict[str, int]


@dataclass(frozen=True)
class Race:
    """Two sessions register names that differ in case only, the second while the first is open.

    second_waited: for the first to end. second: "" if it registered, else PostgreSQL's SQLSTATE.
    players: how many have the name in the end.
    """

    first_ends_by: str
    second_waited: bool
    second: str
    players: int


def fill(connection: Connection, players: int) -> None:
    """Put so many players into a migrated custom_user database, some with groups and the like."""
    connection.execute(PLAYERS, {"players": players})
    connection.execute(WORLD)


def move(connection: Connection) -> Moved:
    """Distribute the database's tables, in one transaction, and see that nothing is lost.

    Raises WorkbenchError if a row is not the same afterwards; then nothing has happened.
    """
    seconds: dict[str, float] = {}
    rows: dict[str, int] = {}
    with connection.transaction():
        for part in sections(FOLDER / MOVE):
            if part == "done":
                rows = compared(connection)
            began = time.perf_counter()
            connection.execute(section(MOVE, part))
            seconds[part] = time.perf_counter() - began
    connection.execute("ANALYZE")
    return Moved(seconds, rows)


def compared(connection: Connection) -> dict[str, int]:
    """How many rows each table has; raises WorkbenchError if they are not those of before."""
    rows: dict[str, int] = {}
    for table in TABLES:
        before = connection.execute(COUNT_AND_SUM.format(f"whole.{table}")).fetchone()
        after = connection.execute(COUNT_AND_SUM.format(table)).fetchone()
        if after is None or before != after:
            raise WorkbenchError(f"The rows of {table} are not the same after the move.")
        rows[table] = int(str(after[0]))
    if connection.execute(section(SITE, "unclaimed")).fetchall():
        raise WorkbenchError("Some players' names are not claimed after the move.")
    return rows


def in_place(connection: Connection) -> Trial:
    """Whether a table that is there can be turned into a partitioned one."""
    what = "turn the table that is there into a partitioned one"
    return tried(connection, what, "ALTER TABLE players_user PARTITION BY HASH (id)")


def day(connection: Connection) -> dict[str, Trial]:
    """What a site does with its players, by a short name, in the order in which it was done."""
    trials: dict[str, Trial] = {}

    def do(name: str, what: str, sql: str, **values: Any) -> Trial:
        trials[name] = tried(connection, what, sql, values or None)
        return trials[name]

    def site(name: str, what: str, part: str, **values: Any) -> Trial:
        return do(name, what, section(SITE, part), **values)

    alice = {"username": "alice", "email": "alice@example.com", "birthdate": "1990-10-05"}
    [[pk]] = site("register", "register alice", "register", **alice).rows
    site("taken", "register ALICE", "register", **alice | {"username": "ALICE"})
    do("left", "what the refusal left", "SELECT id FROM players_user WHERE username = 'ALICE'")
    site("find", "find Alice", "find", username="Alice")
    taken = {"id": pk, "new": "Player0000001"}
    site("rename_taken", "rename alice to a name that is taken", "rename", **taken)
    site("rename", "rename alice to Bob", "rename", id=pk, new="Bob")
    site("renamed", "find bob", "find", username="bob")
    site("free_again", "register alice, who is called Bob by now", "register", **alice)
    site("remove", "remove Bob", "remove", id=pk)
    claim = "SELECT count(*) FROM username_claim WHERE username = 'BOB'"
    do("claim_gone", "count Bob's claims", claim)
    orphan = "INSERT INTO username_claim VALUES ('NOBODY', 0)"
    do("orphan", "claim a name for nobody", orphan)
    site("unclaimed", "look for players without a claim", "unclaimed")
    do("conflict_user", "ON CONFLICT at the users", conflict("players_user"))
    do("conflict_claim", "ON CONFLICT at the claims", conflict("username_claim"))
    return trials


def conflict(table: str) -> str:
    """An INSERT that leaves the row of that name alone if there is one."""
    if table == "username_claim":
        columns, values = "(username, user_id)", "('PLAYER0000001', 1)"
    else:
        columns = (
            "(username, email, password, first_name, last_name,"
            " is_superuser, is_staff, is_active, date_joined)"
        )
        values = "('Player0000001', '', '!', '', '', false, false, true, now())"
    return f"INSERT INTO {table} {columns} VALUES {values} ON CONFLICT (username) DO NOTHING"


def ids(connection: Connection) -> dict[str, Trial]:
    """Where ids come from: one counter for all partitions, a range for each shard, or a uuid."""
    identity = "SELECT count(DISTINCT id) = count(*), count(DISTINCT tableoid) FROM players_user"
    stepped = dedent("""\
        CREATE TEMPORARY SEQUENCE shard_0 START 1 INCREMENT 4;
        CREATE TEMPORARY SEQUENCE shard_1 START 2 INCREMENT 4""")
    met = dedent("""\
        SELECT count(*), count(DISTINCT id) FROM (
            SELECT nextval('shard_0') AS id FROM generate_series(1, 1000)
            UNION ALL SELECT nextval('shard_1') FROM generate_series(1, 1000)
        ) AS given""")
    by_uuid = dedent("""\
        CREATE TEMPORARY TABLE player (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text)
            PARTITION BY HASH (id);
        CREATE TEMPORARY TABLE player_0 PARTITION OF player
            FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TEMPORARY TABLE player_1 PARTITION OF player
            FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO player (name) SELECT n FROM generate_series(1, 1000) AS n""")
    spread = "SELECT count(DISTINCT tableoid) FROM player"
    return {
        "identity": tried(
            connection, "whether all ids differ, and over how many partitions", identity
        ),
        "stepped": tried(connection, "a counter for each shard, in steps of four", stepped),
        "stepped_met": tried(connection, "ids given, and how many of them differ", met),
        "uuid": tried(connection, "a uuid that PostgreSQL makes", by_uuid),
        "uuid_spread": tried(connection, "over how many of its partitions", spread),
    }


def reads(connection: Connection) -> dict[str, int]:
    """How many partitions of the users PostgreSQL reads to find one, by how it is asked."""
    by_claim = section(SITE, "find") % {"username": "'Player0000002'"}
    return {
        "id": partitions_read(connection, "SELECT * FROM players_user WHERE id = 2"),
        "claim": partitions_read(connection, by_claim),
        "username": partitions_read(
            connection, "SELECT * FROM players_user WHERE username = 'Player0000002'"
        ),
    }


def partitions_read(connection: Connection, sql: str) -> int:
    """How many partitions of players_user the statement really looks into."""
    row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}").fetchone()
    assert row is not None
    plans: list[dict[str, Any]] = [row[0][0]["Plan"]]  # type: ignore[index]
    found = set()
    while plans:
        plan = plans.pop()
        plans += plan.get("Plans", [])
        name = plan.get("Relation Name", "")
        if name.startswith("players_user_") and plan["Actual Loops"]:
            found.add(name)
    return len(found)


def spread(connection: Connection) -> dict[str, int]:
    """How many users lie in each partition."""
    rows = connection.execute(
        "SELECT tableoid::regclass::text, count(*) FROM players_user GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {str(name): int(str(count)) for name, count in rows}


def race(server: Mapping[str, str], database: str, name: str, ends_by: str) -> Race:
    """Let two sessions register the name at once, in two spellings; the first ends by `ends_by`.

    ends_by is "COMMIT" or "ROLLBACK".
    """
    sql = section(SITE, "register")
    values = {"email": "", "birthdate": None}
    with (
        postgres.connect(server, database) as first,
        postgres.connect(server, database) as second,
        postgres.connect(server, database) as watching,
        ThreadPoolExecutor(1) as thread,
    ):
        first.execute("BEGIN")
        first.execute(sql, values | {"username": name.lower()})
        other = thread.submit(second.execute, sql, values | {"username": name.upper()})
        waited = is_waiting(watching, second.info.backend_pid)
        first.execute(ends_by)
        refusal = other.exception(PATIENCE)
        count = "SELECT count(*) FROM players_user WHERE upper(username) = %s"
        row = watching.execute(count, [name.upper()]).fetchone()
    assert row is not None
    state = refusal.sqlstate or "" if isinstance(refusal, psycopg.Error) else ""
    return Race(ends_by, waited, state, int(str(row[0])))


def is_waiting(watching: Connection, pid: int) -> bool:
    """Whether the other session is held up by a lock, within some seconds."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        blockers = watching.execute("SELECT cardinality(pg_blocking_pids(%s))", [pid]).fetchone()
        if blockers != (0,):
            return True
        time.sleep(0.02)
    return False
