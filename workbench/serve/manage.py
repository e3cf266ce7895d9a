"""`workbench manage`: a variant's manage.py, with its database and its environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from workbench import variants
from workbench.server import databases, embedded, postgres, processes
from workbench.variants import ONE_VARIANT


def manage(
    context: typer.Context,
    variant: Annotated[str, typer.Argument(help=ONE_VARIANT)],
) -> None:
    """Run a variant's manage.py on its database, with whatever follows.

    Example: workbench manage custom_user shell_plus
    """
    raise typer.Exit(run(variant, context.args))


def run(name: str, arguments: Sequence[str]) -> int:
    """Run the variant's manage.py in the current folder; return its exit code.

    Input and output are the caller's own. The database is made if it is not there, not migrated.
    """
    folder = variants.path(name)
    with postgres.server() as server:
        databases.ensure(server, name)
        process = subprocess.Popen(
            [sys.executable, str(folder / "manage.py"), *arguments],
            env=_with_psql(processes.environment_of(folder, server)),
        )
        return _outlived(process)


def _with_psql(environment: dict[str, str]) -> dict[str, str]:
    """For dbshell: PostgreSQL's own psql, unless the machine has one."""
    path = os.pathsep.join([environment.get("PATH", os.defpath), str(embedded.PROGRAMS)])
    return environment | {"PATH": path}


def _outlived(process: subprocess.Popen[bytes]) -> int:
    """Wait for the process, which decides by itself what Ctrl-C means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    code = process.wait()
    return code if code >= 0 else 128 - code
