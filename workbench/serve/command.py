"""`workbench serve`: PostgreSQL, the four sites and the page that links to them, until stopped."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import fasteners  # type: ignore[import-untyped]
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from workbench import files, paths
from workbench.errors import WorkbenchError
from workbench.serve import front_page, ports
from workbench.server import databases, postgres, processes
from workbench.variants import SUMMARIES, VARIANTS

# seconds that a site has to answer its first request
PATIENCE = 60
# seconds between two looks at whether everything still runs
HEARTBEAT = 0.5

Sites = dict[str, subprocess.Popen[bytes]]


ONLY_ASCII = (
    "upper() of this PostgreSQL knows only ASCII, so 'é' and 'É' are two usernames: use a database "
    "whose locale knows them, such as C.UTF-8."
)


def serve(
    port: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="The port of `index` or of a variant; repeat it."),
    ] = None,
) -> None:
    """Run the four sites with demo players, and a page that links to them.

    Example: workbench serve --port index=9000 --port custom_user=9003
    """
    run(ports.chosen(port or ()), Console())


def run(chosen: Mapping[str, int], console: Console) -> None:
    """Serve until Ctrl-C or SIGTERM, then stop all that was started.

    chosen: the ports, as `ports.chosen()` gives them. Raises WorkbenchError when something cannot
    start, or stops while serving.
    """
    with processes.stoppable(), _only_one(chosen):
        ports.check_free(dict(chosen))
        with contextlib.ExitStack() as stack:
            with console.status("Starting PostgreSQL ...") as status:
                server = stack.enter_context(postgres.server())
                status.update("Preparing the databases ...")
                databases.prepare(server, demo=True)
                ignores_case = databases.ignores_case(server, VARIANTS[0])
                status.update("Starting the sites ...")
                sites = _started(server, chosen, stack)
            console.print(_summary(chosen), "", _hint(), sep="\n", highlight=False)
            if not ignores_case:
                Console(stderr=True).print(ONLY_ASCII)
            _watch(server, sites)


@contextlib.contextmanager
def _only_one(chosen: Mapping[str, int]) -> Iterator[None]:
    folder = files.writable(paths.data())
    lock = fasteners.InterProcessLock(folder / "serve.lock")
    if not lock.acquire(blocking=False):
        raise WorkbenchError(
            f"workbench serve runs already{_where(folder)}: use it, or stop it first."
        )
    try:
        (folder / "serve.json").write_text(json.dumps(dict(chosen)))
        yield
    finally:
        lock.release()


def _where(folder: Path) -> str:
    try:
        port = json.loads((folder / "serve.json").read_text())[ports.INDEX]
    except (OSError, ValueError, LookupError):
        return ""
    return f" at http://{ports.HOST}:{port}/"


def _started(
    server: Mapping[str, str], chosen: Mapping[str, int], stack: contextlib.ExitStack
) -> Sites:
    """Start all sites and the index page, and wait until each answers."""
    logs = files.writable(paths.logs())
    sites: Sites = {}
    stack.callback(lambda: processes.end(sites.values()))
    for name in VARIANTS:
        log = logs / f"{name}.log"
        sites[name] = processes.spawn_site(name, server, chosen[name], log)
    stack.callback(front_page.serve(chosen[ports.INDEX], chosen).shutdown)
    for name in VARIANTS:
        address = f"http://{ports.HOST}:{chosen[name]}/"
        failed = f"{name} does not answer: see {logs / name}.log."
        processes.wait_for_page(address, PATIENCE, lambda: _check_running(sites), failed)
    return sites


def _check_running(sites: Sites) -> None:
    for name, process in sites.items():
        if (code := process.poll()) is not None:
            log = paths.logs() / f"{name}.log"
            said = processes.last_line(log.read_text(errors="replace"))
            reason = said if code > 0 else f"signal {-code}"
            raise WorkbenchError(
                f"{name}'s site stopped ({reason}), so everything was stopped: see {log}."
            )


def _watch(server: Mapping[str, str], sites: Sites) -> None:
    try:
        # not `with` the connection itself: stopped in a query, it would complain of its rollback
        with contextlib.closing(postgres.connect(server, "postgres")) as connection:
            while True:
                connection.execute("SELECT 1")
                _check_running(sites)
                time.sleep(HEARTBEAT)
    except psycopg.Error as error:
        raise WorkbenchError(
            f"PostgreSQL stopped ({postgres.reason(error)}), so everything was stopped: "
            "start again with `workbench serve`."
        ) from error


def _summary(chosen: Mapping[str, int]) -> Table:
    """The name of each page, its address, and what it is."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row("all four", _address(chosen[ports.INDEX]), "A page that links to them.")
    table.add_row("the site", _address(chosen[ports.INDEX], front_page.BELOW), _site())
    for name, summary in SUMMARIES.items():
        table.add_row(name, _address(chosen[name]), summary)
    return table


def _hint() -> str:
    return (
        f"Log in as a player (arannis) or game master ({databases.DEMO['superuser']}, for /admin/) "
        f"with the password {databases.DEMO['password']}.\nCtrl-C stops all."
    )


def _site() -> str:
    built = (paths.SITE / "index.html").exists()
    return "Learn, choose, compare." if built else "Not built yet: make site, in another terminal."


def _address(port: int, path: str = "/") -> str:
    return f"[link]http://{ports.HOST}:{port}{path}[/link]"
