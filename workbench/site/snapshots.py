"""Snapshots: what each variant is and does, as seen on a fresh database of its own.

They are in build/snapshots.json and, for the playground, each database in SQL beside it. The four
variants are looked at side by side, in databases that begin with `scratch_snapshot_` and are
dropped in the end. A variant's process makes its tables and demo players, waits while its database
is looked at from here, and then says what its operations and pages ask of PostgreSQL
(workbench.site.inside.snapshot). Two runs say the same.
"""

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypedDict, cast

from psycopg import sql
from rich.progress import TaskProgressColumn

from suite import catalog
from suite.catalog import Column, Constraint, ForeignKey, Index, OwnedSequence, Table
from workbench import files, progress
from workbench.errors import WorkbenchError
from workbench.paths import BUILD
from workbench.schema.tables import Tables, user_table
from workbench.server import databases, embedded, postgres, processes
from workbench.server.databases import Turn
from workbench.server.processes import Conversation
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
        take(FILE, dump)
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
        tuple(Index(**index) for index in its["indexes"]),
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
        "workbench/site/snapshots.py",
        "workbench/site/inside/*.py",
    )


DATABASES = {variant: f"scratch_snapshot_{variant}" for variant in VARIANTS}

Server = Mapping[str, str]
Running = dict[str, Conversation]
Found = dict[str, Any]


def take(file: Path, dump: Callable[[str], Path]) -> None:
    """Write what is found to the file, and each variant's database in SQL to dump(variant).

    Raises WorkbenchError if there is no PostgreSQL, or a variant fails.
    """
    with postgres.server() as server, databases.alone(server, Turn.TAKE_SNAPSHOTS) as connection:
        # a killed run may have left some
        databases.drop(server, *DATABASES.values())
        running: Running = {}
        try:
            for variant, database in DATABASES.items():
                databases.create(connection, database)
                running[variant] = _looking(variant, server, database)
            found = _found(server, running, dump)
        finally:
            processes.end(running.values())
            databases.drop(server, *DATABASES.values())
        files.write_json(file, found)


def _looking(variant: str, server: Server, database: str) -> Conversation:
    order = {"database": database, "demo": databases.DEMO}
    words = (f"{variant} could not be looked at", f"see that `pytest --variant {variant}` passes")
    return processes.inside(variant, server, "workbench.site.inside.snapshot", order, *words)


def _found(server: Server, running: Running, dump: Callable[[str], Path]) -> Found:
    shapes: dict[str, Found] = {}
    told: dict[str, Found] = {}
    with progress.bars(TaskProgressColumn()) as bars:
        looked = bars.add_task("Looking at the four variants", total=2 * len(running))
        for variant, process in running.items():
            process.hear()
            shapes[variant] = _shape(server, variant)
            files.write(dump(variant), _dumped(server, variant))
            process.tell("go on")
            bars.advance(looked)
        for variant, process in running.items():
            told[variant] = process.hear()
            process.finish()
            bars.advance(looked)
    players = {its.pop("players") for its in told.values()}
    assert len(players) == 1
    return {
        "versions": _versions(server),
        "players": players.pop(),
        "variants": {variant: shapes[variant] | told[variant] for variant in running},
    }


def _shape(server: Server, variant: str) -> Found:
    with postgres.connect(server, DATABASES[variant]) as connection:
        tables = catalog.tables(connection.cursor())
    return {
        "user_table": user_table(variant, tables),
        "tables": {name: asdict(_without_sizes(table)) for name, table in tables.items()},
    }


def _without_sizes(table: Table) -> Table:
    """Sizes vary from run to run."""
    return replace(table, size=0, indexes=tuple(replace(its, size=0) for its in table.indexes))


def _dumped(server: Server, variant: str) -> str:
    """The database in SQL, as a schema of the variant's name."""
    with (
        postgres.connect(server, DATABASES[variant]) as connection,
        _renamed(connection, "public", variant),
    ):
        done = subprocess.run(
            [
                *(str(embedded.PROGRAMS / "pg_dump"), "--schema", variant, "--inserts"),
                *("--rows-per-insert", "200", "--no-owner", "--no-privileges", "--no-comments"),
                *("--restrict-key", "snapshot", "--dbname", DATABASES[variant]),
            ],
            capture_output=True,
            text=True,
            env=processes.environment(server),
            check=False,
        )
    if done.returncode:
        raise WorkbenchError(
            f"The database of {variant} could not be dumped ({processes.last_line(done.stderr)}): "
            "use a PostgreSQL that is no newer than the embedded one."
        )
    # what is left of psql's own commands, which no server understands
    lines = (line for line in done.stdout.splitlines() if not line.startswith("\\"))
    return "\n".join(lines) + "\n"


@contextmanager
def _renamed(connection: Any, name: str, other: str) -> Iterator[None]:
    rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(name), sql.Identifier(other)))
    try:
        yield
    finally:
        connection.execute(rename.format(sql.Identifier(other), sql.Identifier(name)))


def _versions(server: Server) -> dict[str, str]:
    with postgres.connect(server, "postgres") as connection:
        [version] = connection.execute("SHOW server_version").fetchone() or ["unknown"]
    return {
        "Django": importlib.metadata.version("django"),
        "PostgreSQL": str(version).split()[0],
        "psycopg": importlib.metadata.version("psycopg"),
        "Python": ".".join(map(str, sys.version_info[:2])),
    }
