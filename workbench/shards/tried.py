"""A statement put to PostgreSQL, and what it said, so that no refusal has to be typed in."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from workbench.paths import PROJECT

FOLDER = PROJECT / "benchmarks" / "sharding"
SECTION = r"-- --8<-- \[start:{0}\]\n(.*?)-- --8<-- \[end:{0}\]"

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class Trial:
    """What was tried, the statement, and what came of it.

    rows: the statement's result, if it has one. sqlstate and error: PostgreSQL's refusal, "" if
    there was none.
    """

    what: str
    sql: str
    rows: list[list[Any]] = field(default_factory=list)
    sqlstate: str = ""
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether PostgreSQL did it."""
        return not self.sqlstate


def tried(
    connection: Connection, what: str, sql: str, values: dict[str, Any] | None = None
) -> Trial:
    """Run the statement in a transaction of its own, so that a refusal leaves nothing behind."""
    said = sql % _as_literals(values) if values else sql
    try:
        with connection.transaction():
            cursor = connection.execute(sql, values)
            rows = [list(row) for row in cursor.fetchall()] if cursor.description else []
    except psycopg.Error as refusal:
        return Trial(what, said, [], refusal.sqlstate or "", in_one_line(refusal))
    return Trial(what, said, rows)


def _as_literals(values: dict[str, Any]) -> dict[str, str]:
    return {name: psycopg.sql.Literal(value).as_string() for name, value in values.items()}


def in_one_line(refusal: psycopg.Error) -> str:
    """PostgreSQL's message with its detail."""
    parts = (refusal.diag.message_primary, refusal.diag.message_detail)
    return " ".join(part.rstrip(".") + "." for part in parts if part)


def section(file: str, name: str) -> str:
    """A named section of a file in benchmarks/sharding/; raises LookupError if there is none."""
    text = (FOLDER / file).read_text(encoding="utf-8")
    found = re.search(SECTION.format(name), text, re.DOTALL)
    if not found:
        raise LookupError(f"{file} has no section {name}")
    return found[1].strip().rstrip(";")


def sections(file: Path) -> list[str]:
    """The names of a file's sections, in their order."""
    return re.findall(r"\[start:(\w+)\]", file.read_text(encoding="utf-8"))
