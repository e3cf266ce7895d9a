"""Getting the variants' databases ready: made, migrated, and with demo players when asked."""

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.server import databases, postgres, processes

DEMO = {
    "csv": str(Path(__file__).parent / "demo.csv"),
    "password": "roll-for-initiative",
    "superuser": "gm",
}


def prepare(
    server: Mapping[str, str],
    names: Iterable[str] = variants.VARIANTS,
    *,
    demo: bool = False,
    done: Callable[[str], None] = lambda name: None,
) -> None:
    """Make and migrate the databases of these variants, all at once.

    server holds libpq's variables. demo fills a database without users with the players of
    demo.csv and a superuser. done hears the name of each variant that is ready. Raises
    WorkbenchError if a database is somebody else's or a migration fails.
    """
    names = tuple(names)
    for name in names:
        databases.ensure(server, name)
    order = json.dumps(DEMO if demo else {})
    running = {
        name: processes.spawn_inside(name, server, "workbench.inside.migrate", order)
        for name in names
    }
    try:
        for name, process in running.items():
            _finish(name, process)
            done(name)
    finally:
        processes.end(running.values())


def prepare_new(server: Mapping[str, str], *names: str) -> None:
    """Make and migrate those of the databases that were not migrated, however far, before.

    Raises WorkbenchError as prepare() does.
    """
    for name in names:
        databases.ensure(server, name)
    prepare(server, [name for name in names if not _is_migrated(server, name)])


def _is_migrated(server: Mapping[str, str], name: str) -> bool:
    with postgres.connect(server, name) as connection:
        found = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
        return found != (None,)


def _finish(name: str, process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate()
    if process.returncode:
        raise WorkbenchError(
            f"{name} could not be migrated ({last_line(errors)}): see it whole with "
            f"`workbench manage {name} migrate`."
        )


def last_line(text: str) -> str:
    """What a program complains of in the end, without PostgreSQL's hints and the final dot."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?!HINT|DETAIL|LINE|CONTEXT)[\w.]+: ", line)]
    return (errors or lines or ["it says nothing"])[-1].rstrip(".")
