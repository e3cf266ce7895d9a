"""Takes the snapshots: the four variants side by side, each in a database of its own.

The databases begin with `scratch_snapshot_` and are dropped in the end. A variant's process makes
its tables and demo players, waits while its database is looked at from here, and then says what its
operations and pages ask of PostgreSQL (workbench.site.inside.snapshot). Two runs say the same.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psycopg import sql
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from suite import catalog
from workbench.errors import WorkbenchError
from workbench.schema import tables as schema
from workbench.server import databases, embedded, postgres, prepare, processes
from workbench.variants import VARIANTS

# an arbitrary number, the same in every workbench: one at a time takes snapshots on a server
TURN = 8_001_8005
DATABASES = {variant: f"scratch_snapshot_{variant}" for variant in VARIANTS}

Server = Mapping[str, str]
Running = dict[str, subprocess.Popen[str]]
Found = dict[str, Any]


def take(file: Path, dump: Callable[[str], Path]) -> None:
    """Write what is found to file, and each variant's database in SQL to dump(variant).

    Raises WorkbenchError when there is no PostgreSQL, or a variant fails.
    """
    with postgres.server() as server, _alone(server):
        running: Running = {}
        try:
            for variant, database in DATABASES.items():
                _make(server, database)
                order = json.dumps(prepare.DEMO | {"database": database})
                running[variant] = processes.spawn_inside(
                    variant, server, "workbench.site.inside.snapshot", order
                )
            found = _found(server, running, dump)
        finally:
            processes.end(running.values())
            for database in DATABASES.values():
                _drop(server, database)
        _write(file, json.dumps(found, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def _alone(server: Server) -> Iterator[None]:
    with postgres.connect(server, "postgres") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [TURN])
        yield


def _make(server: Server, database: str) -> None:
    """A killed run may have left one."""
    _drop(server, database)
    with postgres.connect(server, "postgres") as connection:
        databases.create(connection, database)


def _drop(server: Server, database: str) -> None:
    with postgres.connect(server, "postgres") as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        )


def _found(server: Server, running: Running, dump: Callable[[str], Path]) -> Found:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        looked = progress.add_task("Looking at the four variants", total=2 * len(running))
        shapes: dict[str, Found] = {}
        for variant, process in running.items():
            _until_ready(variant, process)
            shapes[variant] = _shape(server, variant)
            _write(dump(variant), _dumped(server, variant))
            _go_on(process)
            progress.advance(looked)
        told: dict[str, Found] = {}
        for variant, process in running.items():
            told[variant] = json.loads(_finished(variant, process))
            progress.advance(looked)
    players = {its.pop("players") for its in told.values()}
    assert len(players) == 1
    return {
        "versions": _versions(server),
        "players": players.pop(),
        "variants": {variant: shapes[variant] | told[variant] for variant in running},
    }


def _until_ready(variant: str, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    if not process.stdout.readline():
        _finished(variant, process)


def _go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()


def _finished(variant: str, process: subprocess.Popen[str]) -> str:
    said, errors = process.communicate()
    if process.returncode:
        raise WorkbenchError(
            f"{variant} could not be looked at ({prepare.last_line(errors)}): see that "
            f"`pytest --variant {variant}` passes."
        )
    return said


def _shape(server: Server, variant: str) -> Found:
    with postgres.connect(server, DATABASES[variant]) as connection:
        tables = catalog.tables(connection.cursor())
    return {
        "user_table": schema.user_table(variant, tables),
        "tables": {name: _without_sizes(asdict(table)) for name, table in tables.items()},
    }


def _without_sizes(table: Found) -> Found:
    indexes = [_without(index, "size") for index in table["indexes"]]
    return _without(table, "size") | {"indexes": indexes}


def _without(its: Found, name: str) -> Found:
    return {key: value for key, value in its.items() if key != name}


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
            env=_without_postgres() | dict(server),
            check=False,
        )
    if done.returncode:
        raise WorkbenchError(
            f"The database of {variant} could not be dumped ({prepare.last_line(done.stderr)}): "
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


def _without_postgres() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")}


def _versions(server: Server) -> dict[str, str]:
    with postgres.connect(server, "postgres") as connection:
        [version] = connection.execute("SHOW server_version").fetchone() or ["unknown"]
    return {
        "Django": importlib.metadata.version("django"),
        "PostgreSQL": str(version).split()[0],
        "psycopg": importlib.metadata.version("psycopg"),
        "Python": ".".join(map(str, sys.version_info[:2])),
    }


def _write(path: Path, text: str) -> None:
    """All of it or nothing: a killed run leaves the old file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
