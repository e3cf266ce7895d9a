"""Whether a variant's tables can be distributed by user, key by key, as PostgreSQL sees it.

Hash partitions stand for shards: both want to know a row's place from one column, and neither
looks into the others for what must be unique. Source: PostgreSQL 18 docs, 5.12.2.3 Limitations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from suite import catalog
from workbench.shards.tried import Connection, Trial, tried

SHARDS = 4
# where the distributed twins of a variant's tables are made
TWINS = "twins"


@dataclass(frozen=True)
class Key:
    """A key, unique index or foreign key of a table, tried on its distributed twin.

    instead: for a refused primary key, the same with the column in front by which rows are
    distributed.
    """

    name: str
    kind: str
    trial: Trial
    instead: Trial | None = None


@dataclass(frozen=True)
class Distributed:
    """A table distributed by a column: whether its partitions could be made, and its keys."""

    table: str
    by: str
    trial: Trial
    keys: list[Key] = field(default_factory=list)

    @property
    def refused(self) -> list[Key]:
        """The keys that PostgreSQL refuses on the distributed table."""
        return [key for key in self.keys if not key.trial.accepted]


def distributed(connection: Connection) -> list[Distributed]:
    """Try to distribute each table of a migrated database that hangs on a user, and the sessions.

    The connection is in autocommit mode; the twins stand in a schema of their own afterwards.
    """
    known = catalog.tables(connection.cursor())
    connection.execute(f"CREATE SCHEMA {TWINS}")
    connection.execute(f"SET search_path = {TWINS}, public")
    return [twin(connection, known[name], by) for name, by in places(known).items()]


def user_table(known: Mapping[str, catalog.Table]) -> str:
    """The table of the users: the one that Django's admin log points at."""
    [to_user] = [
        key for key in known["django_admin_log"].foreign_keys if key.columns == ("user_id",)
    ]
    return to_user.target


def places(known: Mapping[str, catalog.Table]) -> dict[str, str]:
    """{table: the column that says where its rows lie}; the users' own comes first."""
    users = user_table(known)
    pointing = {
        name: key.columns[0]
        for name, table in known.items()
        for key in table.foreign_keys
        if key.target == users
    }
    return {users: "id"} | pointing | {"django_session": "session_key"}


def twin(connection: Connection, table: catalog.Table, by: str) -> Distributed:
    """Make the table's distributed twin, and try its keys on it."""
    made = tried(
        connection,
        f"distribute {table.name} by {by}",
        f"CREATE TABLE {table.name} (LIKE public.{table.name} INCLUDING DEFAULTS"
        f" INCLUDING IDENTITY) PARTITION BY HASH ({by})",
    )
    for shard in range(SHARDS):
        connection.execute(
            f"CREATE TABLE {table.name}_{shard} PARTITION OF {table.name}"
            f" FOR VALUES WITH (MODULUS {SHARDS}, REMAINDER {shard})"
        )
    return Distributed(table.name, by, made, list(keys(connection, table, by)))


def keys(connection: Connection, table: catalog.Table, by: str) -> Iterator[Key]:
    """The table's keys, as its catalog spells them, each tried on the twin."""
    for it in table.constraints:
        if it.kind in ("primary key", "unique"):
            added = add(connection, table, it.kind, it.definition)
            kept = added.accepted or it.kind == "unique"
            wider = f"PRIMARY KEY ({by}, {', '.join(it.columns)})"
            instead = None if kept else add(connection, table, it.kind, wider)
            yield Key(it.name, it.kind, added, instead)
    known = {it.name for it in table.constraints}
    for index in table.indexes:
        if index.unique and index.name not in known:
            sql = index.definition.replace(" ON public.", " ON ")
            yield Key(index.name, "unique index", tried(connection, "unique index", sql))
    for key in table.foreign_keys:
        yield Key(key.name, "foreign key", add(connection, table, "foreign key", key.definition))


def add(connection: Connection, table: catalog.Table, what: str, definition: str) -> Trial:
    """Add a constraint to the twin."""
    return tried(connection, what, f"ALTER TABLE {table.name} ADD {definition}")
