"""Another PostgreSQL for the suite: yours, or one whose programs are installed on this machine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.matrix.environments import FOLDER
from workbench.server import embedded, postgres

# where Debian, Red Hat and Homebrew put the programs of a version
PLACES = (
    "/usr/lib/postgresql/{version}/bin",
    "/usr/pgsql-{version}/bin",
    "/opt/homebrew/opt/postgresql@{version}/bin",
    "/usr/local/opt/postgresql@{version}/bin",
)


def use(version: int) -> None:
    """Let this process and those that it starts use a PostgreSQL of that major version.

    The one that PGHOST names, or else installed programs, with data in build/matrix/. Raises
    WorkbenchError if there is none, or if PGHOST names another version.
    """
    if postgres.is_external():
        with postgres.server() as env, postgres.connect(env, "postgres") as connection:
            found = connection.info.server_version // 10_000
        if found != version:
            raise WorkbenchError(
                f"PostgreSQL {version} was asked for, and {postgres.address()} is PostgreSQL "
                f"{found}: let PGHOST name another server, or unset it to use installed programs."
            )
        return
    programs = find(version)
    os.environ["WORKBENCH_POSTGRESQL"] = str(programs)
    os.environ["WORKBENCH_DATA"] = str(FOLDER / f"postgresql-{version}")


def find(version: int) -> Path:
    """Return the folder of that version's programs; raise WorkbenchError if it is not installed."""
    for programs in candidates(version):
        if (programs / "initdb").exists() and embedded.version(programs) == version:
            return programs
    raise WorkbenchError(
        f"No PostgreSQL {version} is installed: install it (Debian: apt install "
        f"postgresql-{version}), or let PGHOST name such a server."
    )


def candidates(version: int) -> Iterator[Path]:
    """Yield the folders in which the programs may be, PATH's last."""
    for place in PLACES:
        yield Path(place.format(version=version))
    if found := shutil.which("postgres"):  # which may be a link beside programs of another kind
        yield Path(found).resolve().parent
