"""The PostgreSQL server that everything runs on: the user's own, or the embedded one.

If PGHOST, PGHOSTADDR or PGSERVICE is set, the server that libpq finds by them is used and none is
started (PostgreSQL 18 docs, 32.15 Environment Variables). Otherwise a keeper process (keeper.py)
starts the embedded server, or joins the one that runs, and stops it after its last user.
"""

import atexit
import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from workbench import files, paths
from workbench.errors import WorkbenchError
from workbench.server import processes

# libpq gives up on one address after so many seconds
PATIENCE = 3
# how often a keeper is started that is killed before it has started the server
TRIES = 3

Connection = psycopg.Connection[tuple[Any, ...]]

_keeper: subprocess.Popen[str] | None = None
_env: dict[str, str] = {}
_users = 0


def is_external() -> bool:
    """Whether the environment names a server, so that none is embedded."""
    return any(os.environ.get(name) for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"))


def address() -> str:
    """Return the variables that name your own server, such as "PGHOST=/tmp, PGPORT=5433"."""
    given = {key: os.environ.get(key) for key in ("PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT")}
    return ", ".join(f"{key}={value}" for key, value in given.items() if value)


@contextlib.contextmanager
def server(*, large: bool = False) -> Iterator[dict[str, str]]:
    """libpq's variables of a running server, which stays for as long as the block lasts.

    large: many players are about to be loaded. An embedded server that this starts gets more memory
    for that; one that runs already is taken as it is. Raises WorkbenchError when no server answers
    or the embedded one cannot start.
    """
    global _users
    env = _obtain(large)
    _users += 1
    try:
        yield env
    finally:
        _users -= 1
        if _users == 0:
            stop()


def start() -> dict[str, str]:
    """Like server(), for the rest of this process: the end of the process ends its use."""
    global _users
    env = _obtain()
    _users += 1
    atexit.register(stop)
    return env


def revive() -> None:
    """Start another keeper if the one of this process was killed.

    Until then nobody starts the embedded server again, or stops it in the end. Raises
    WorkbenchError if there is no server to keep any more.
    """
    global _keeper
    if _keeper is not None and _keeper.poll() is not None:
        _dismiss(_keeper)
        _keeper = None
        _embedded(large=False)


def stop() -> None:
    """End this process's use of the embedded server, which stops unless another process uses it."""
    global _keeper, _users
    try:
        revive()
    finally:
        keeper, _keeper, _users = _keeper, None, 0
        _env.clear()
        if keeper is not None:
            _dismiss(keeper)


def from_environment() -> dict[str, str]:
    """Return libpq's variables of this process, such as PGHOST."""
    return {key: value for key, value in os.environ.items() if key.startswith("PG")}


def connect(server: Mapping[str, str], database: str) -> Connection:
    """A connection in autocommit mode; raises psycopg.Error."""
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user"}
    given = {names[key]: value for key, value in server.items() if key in names}
    return psycopg.connect(
        dbname=database,
        connect_timeout=PATIENCE,
        autocommit=True,
        **given,  # type: ignore[arg-type]
    )


def check_room(players: int, needed: float) -> None:
    """Raise WorkbenchError if the embedded server's disk has no room for so many players.

    needed: bytes that they take in all. Of another server nothing is known.
    """
    if is_external():
        return
    folder = files.writable(paths.data())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WorkbenchError(
            f"{players:,} players need about {needed / 1e9:,.1f} GB in {folder}, and "
            f"{free / 1e9:,.1f} GB are free: make room, say fewer --players, or name another "
            "folder with WORKBENCH_DATA."
        )


def reason(error: BaseException) -> str:
    """What PostgreSQL or libpq says, as one line without its final dot."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = next((line for line in lines if "failed:" in line), lines[0] if lines else repr(error))
    return said.rpartition("failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")


def _obtain(large: bool = False) -> dict[str, str]:
    if _keeper is not None:
        return dict(_env)
    return _external() if is_external() else _embedded(large)


def _external() -> dict[str, str]:
    env = from_environment()
    try:
        connect(env, "postgres").close()
    except psycopg.Error as error:
        raise WorkbenchError(
            f"No PostgreSQL to use at {address()} ({reason(error)}): start it or correct the "
            "variables, or unset them for the embedded server."
        ) from error
    return env


def _embedded(large: bool) -> dict[str, str]:
    global _keeper
    folder = files.writable(paths.data())
    for _ in range(TRIES):
        keeper = subprocess.Popen(
            processes.command(
                "workbench.server.keeper", str(folder), *(["large"] if large else [])
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=paths.PROJECT,
            env=processes.environment(),
        )
        try:
            assert keeper.stdout is not None
            if said := keeper.stdout.readline():
                answer = json.loads(said)
                if "error" in answer:
                    raise WorkbenchError(answer["error"])
                _keeper = keeper
                _env.update(answer)
                return dict(_env)
        except BaseException:
            _dismiss(keeper)
            raise
        _dismiss(keeper)
    raise WorkbenchError(f"The keeper of PostgreSQL in {folder} was killed {TRIES} times.")


def _dismiss(keeper: subprocess.Popen[str]) -> None:
    """The end of its input tells a keeper to leave; so it does when this process is killed."""
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    with contextlib.suppress(OSError):
        keeper.stdin.close()
    keeper.wait()
    keeper.stdout.close()
