"""Everything that `workbench shards` tries, on databases of its own, and the result as a file."""

import datetime
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.move.project import Project
from workbench.move.run import drop, make
from workbench.paths import PROJECT
from workbench.server import postgres, prepare
from workbench.shards import recipe, schemas
from workbench.shards.tried import Connection, section
from workbench.variants import VARIANTS

FILE = PROJECT / "build" / "shards.json"

Server = Mapping[str, str]
Tell = Callable[[str], None]


def run(server: Server, players: int, tell: Tell = lambda step: None) -> dict[str, Any]:
    """Try all of it with so many players; tell hears what begins.

    Raises WorkbenchError if a database is somebody else's, or a row is lost on the way.
    """
    if players < 100:
        raise WorkbenchError("Fewer than 100 players fill no shards: say 100 or more.")
    found: dict[str, Any] = {"players": players, "shards": schemas.SHARDS, "schemas": {}}
    found["when"] = datetime.date.today().isoformat()
    for variant in VARIANTS:
        tell(f"Distributing {variant}")
        found["schemas"][variant] = _schema(server, variant)
    return found | _recipe(server, players, tell)


def _schema(server: Server, variant: str) -> list[dict[str, Any]]:
    name = f"shards_{variant}"
    _migrated(server, variant, name)
    try:
        with postgres.connect(server, name) as connection:
            return [asdict(table) for table in schemas.distributed(connection)]
    finally:
        drop(server, name)


def _recipe(server: Server, players: int, tell: Tell) -> dict[str, Any]:
    name = "shards_recipe"
    found: dict[str, Any] = {}
    _migrated(server, "custom_user", name)
    try:
        with postgres.connect(server, name) as connection:
            tell(f"Filling in {players:,} players")
            recipe.fill(connection, players)
            found["in_place"] = asdict(recipe.in_place(connection))
            tell("Moving them onto shards")
            found["moved"] = asdict(recipe.move(connection))
            tell("A day of a site")
            found["spread"] = recipe.spread(connection)
            found["reads"] = recipe.reads(connection)
            for part in (recipe.day, recipe.ids):
                trials = part(connection)
                found[part.__name__] = {key: asdict(trial) for key, trial in trials.items()}
            found["versions"] = {"PostgreSQL": _version(connection)}
        tell("Two sessions, one name")
        found["races"] = [
            asdict(recipe.race(server, name, f"racer{number}", ends_by))
            for number, ends_by in enumerate(("COMMIT", "ROLLBACK"))
        ]
        with postgres.connect(server, name) as connection:
            connection.execute(section(recipe.SITE, "trigger"))
        tell("custom_user's own code on the shards")
        return found | _inside(server, name)
    finally:
        drop(server, name)


def _migrated(server: Server, variant: str, name: str) -> None:
    make(server, name)
    Project(server, variant, name, world=False).do(("migrate", {}))


def _version(connection: Connection) -> str:
    row = connection.execute("SHOW server_version").fetchone()
    assert row is not None
    return str(row[0])


def _inside(server: Server, name: str) -> dict[str, Any]:
    """What workbench.inside.sharded says of the variant's own code and of Django's models."""
    process = subprocess.run(
        variants.command("workbench.inside.sharded", json.dumps({"database": name})),
        env=variants.environment("custom_user", server),
        cwd=variants.path("custom_user"),
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        said = prepare.last_line(process.stderr)
        raise WorkbenchError(f"custom_user does not run on the shards ({said}).")
    told: dict[str, Any] = json.loads(process.stdout)
    return told


def write(found: dict[str, Any], file: Path = FILE) -> None:
    """Keep the result for the site."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(found, indent=1, default=str) + "\n", encoding="utf-8")
    new.replace(file)


def read(file: Path = FILE) -> dict[str, Any] | None:
    """The last run's result, or None if there was none."""
    if not file.exists():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found
