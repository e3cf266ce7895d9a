"""What each variant is and does, as it was taken from a fresh database of its own.

It stands in build/snapshots.json, and beside it, for the playground, each database in SQL.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict, cast

from suite.catalog import Column, Constraint, ForeignKey, Index, OwnedSequence, Table
from workbench import files
from workbench.paths import BUILD
from workbench.schema.tables import Tables
from workbench.site import take_snapshots
from workbench.variants import VARIANTS

FILE = BUILD / "snapshots.json"


class Statement(TypedDict):
    """One statement with its values, and its plan unless it is BEGIN or its kin."""

    sql: str
    plan: str | None


class Call(TypedDict):
    """A call of the roster as written, its result or error, and what it asked of PostgreSQL."""

    call: str
    result: str | None
    error: str | None
    statements: list[Statement]


class Operation(Call):
    """A call; where the variant refuses the extras, also the call without them."""

    instead: Call | None


class Scene(TypedDict):
    """One request to the variant's pages."""

    request: str
    status: int
    statements: list[Statement]


class Snapshot(TypedDict):
    """What one variant is and does; tables have no sizes, which vary."""

    user_table: str
    tables: dict[str, dict[str, Any]]
    migrations: dict[str, str]
    operations: dict[str, Operation]
    scenes: dict[str, Scene]


class Snapshots(TypedDict):
    """All variants, by name; players is how many each has when its operations are called."""

    versions: dict[str, str]
    players: int
    variants: dict[str, Snapshot]


def current(*, fresh: bool = False) -> Snapshots:
    """The snapshots; taken first if they are missing, older than the code, or `fresh`.

    Raises WorkbenchError when there is no PostgreSQL or a variant fails.
    """
    if fresh or not is_current():
        take_snapshots.take(FILE, dump)
    return read()


def read() -> Snapshots:
    """The snapshots as they were taken last."""
    return cast(Snapshots, json.loads(FILE.read_text(encoding="utf-8")))


def dump(variant: str) -> Path:
    """The file with the variant's database in SQL: a schema of its name, with the demo players."""
    return FILE.parent / "snapshots" / f"{variant}.sql"


def tables(snapshot: Snapshot) -> Tables:
    """The tables as the catalogs have them, by name, but for the sizes, which are 0."""
    return {name: _table(its) for name, its in snapshot["tables"].items()}


def _table(its: dict[str, Any]) -> Table:
    return Table(
        its["name"],
        tuple(Column(**column) for column in its["columns"]),
        tuple(Constraint(**constraint) for constraint in its["constraints"]),
        tuple(ForeignKey(**key) for key in its["foreign_keys"]),
        tuple(Index(**index, size=0) for index in its["indexes"]),
        tuple(OwnedSequence(**sequence) for sequence in its["sequences"]),
        size=0,
    )


def is_current() -> bool:
    """Return whether the snapshots are newer than everything that they rest on."""
    return files.are_current([FILE, *map(dump, VARIANTS)], rest_on())


def rest_on() -> Iterator[Path]:
    """Yield the files on which the snapshots depend."""
    return files.sources(
        "requirements.lock",
        "suite/*.py",
        "variants/**/*",
        "workbench/inside/*.py",
        "workbench/server/demo.csv",
        "workbench/site/*snapshots.py",
        "workbench/site/inside/*.py",
    )
