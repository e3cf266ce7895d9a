"""Getting the variants' databases ready: made, migrated, and with demo players when asked."""

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from workbench import databases, postgres, processes, variants
from workbench.errors import WorkbenchError

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
    running = {name: processes.spawn_inside(name, server, "migrate", order) for name in names}
    try:
        for name, process in running.items():
            _finish(name, process)
            done(name)
    finally:
        processes.end(running.values())


def prepare_new(server: Mapping[str, str], name: str) -> None:
    """Make and migrate a variant's database, unless it has been migrated, however far, before.

    Raises WorkbenchError as prepare() does.
    """
    databases.ensure(server, name)
    with postgres.connect(server, name) as connection:
        known = connection.execute("SELECT to_regclass('django_migrations') IS NOT NULL").fetchone()
    if known == (False,):
        prepare(server, [name])


def _finish(name: str, process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate()
    if process.returncode:
        raise WorkbenchError(
            f"{name} could not be migrated ({last_line(errors)}): see it whole with "
            f"`workbench manage {name} migrate`."
        )


def last_line(text: str) -> str:
    """The last line of a program's complaint, without its final dot."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "it says nothing"
