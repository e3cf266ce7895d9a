"""What a move did and what was checked, as plain values: for the terminal, tests and the site."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from workbench.paths import PROJECT

FILE = PROJECT / "build" / "moves.json"


@dataclass
class Check:
    """One thing that was looked at; wrong says what is not as it should be."""

    name: str
    looked_at: str
    wrong: list[str]


@dataclass
class Ride:
    """One direction of a move: how long it took, and what it did to the tables.

    seconds: from the first statement to the last. sql: what PostgreSQL took of it; the rest is
    Django's, most of it to sign open sessions anew if the move changes their backend. floor: what
    PostgreSQL takes for as many rewrites and inserts alone (see workbench.move.floor). locks:
    [table, mode, seconds], longest first.
    """

    direction: str
    seconds: float
    sql: float
    statements: list[dict[str, Any]]
    locks: list[tuple[str, str, float]]
    rewritten: list[str]
    floor: float = 0.0
    checks: list[Check] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """All that is not as it should be."""
        return [f"{check.name}: {said}" for check in self.checks for said in check.wrong]


@dataclass
class Report:
    """A move, with its way back if that was asked for.

    probes: what visitors met while it ran once more on a copy, by the code that they used, "old"
    and "new"; see workbench.move.visitors.summary.
    """

    name: str
    players: int
    rule: str
    rides: list[Ride] = field(default_factory=list)
    probes: dict[str, Any] = field(default_factory=dict)

    @property
    def wrong(self) -> list[str]:
        """All that is not as it should be, in either direction."""
        return [f"{ride.direction}: {said}" for ride in self.rides for said in ride.wrong]


def write(report: Report, file: Path = FILE) -> None:
    """Put the report among those of the other moves, in the place of an older one of its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    known = read(file) | {report.name: asdict(report)}
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    new.replace(file)


def read(file: Path = FILE) -> dict[str, Any]:
    """The reports of the last runs, by the moves' names; {} if there was none.

    Without those that an older version of the workbench has written with other values.
    """
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known = {field.name for field in fields(Ride)}
    return {
        name: report
        for name, report in found.items()
        if all(ride.keys() == known for ride in report["rides"])
    }


def changing(statements: list[dict[str, Any]]) -> list[str]:
    """The statements that change something, without those of Django's own record.

    Nor what was made, to be compared with, in a schema that is dropped again.
    """
    found, aside = [], False
    for statement in statements:
        text = " ".join(statement["sql"].split()).rstrip(";")
        aside = aside or text.startswith("CREATE SCHEMA fresh_names")
        reads = text.startswith(("SELECT", "SET CONSTRAINTS", "ANALYZE")) and "setval" not in text
        if not (aside or reads or "django_migrations" in text):
            found.append(text)
        aside = aside and "DROP SCHEMA fresh_names" not in text
    return found
