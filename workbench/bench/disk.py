"""What the players take on disk, by table, in bytes for each player."""

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.server import postgres

TABLE = """
    SELECT pg_relation_size(oid), coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0)
    FROM pg_class WHERE oid = %s::regclass
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_relation_size(indexrelid)
    FROM pg_index WHERE indrelid = %s::regclass ORDER BY 1
"""


def sizes(
    server: Mapping[str, str], database: str, tables: Iterable[str], players: int
) -> list[dict[str, Any]]:
    """One entry for each table: `heap`, `toast` and `indexes`, in bytes for each player."""
    found = []
    with postgres.connect(server, database) as connection:
        for table in tables:
            rows: Any = connection.execute(TABLE, [table]).fetchall()
            indexes: Any = connection.execute(INDEXES, [table]).fetchall()
            [(heap, toast)] = rows
            found.append(
                {
                    "table": table,
                    "players": players,
                    "heap": round(heap / players, 1),
                    "toast": round(toast / players, 1),
                    "indexes": {name: round(size / players, 1) for name, size in indexes},
                }
            )
    return found
