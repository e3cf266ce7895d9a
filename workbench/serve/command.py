"""`workbench serve`: PostgreSQL, the four sites and the page that links to them, until stopped."""

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import fasteners  # type: ignore[import-untyped]
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from workbench import files, paths
from workbench.errors import WorkbenchError
from workbench.serve import front_page, hosts, ports, sites
from workbench.server import databases, postgres, processes
from workbench.variants import SUMMARIES, VARIANTS

# seconds between two looks at whether everything still runs
HEARTBEAT = 0.5

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

    chosen: the ports, as `ports.chosen()` gives them. What is killed meanwhile is started again.
    Raises WorkbenchError when something cannot start, or cannot start again.
    """
    told = Console(stderr=True, highlight=False, soft_wrap=True)
    with processes.stoppable(), _only_one(chosen):
        ports.check_free(dict(chosen))
        with contextlib.ExitStack() as stack:
            with console.status("Starting PostgreSQL ...") as status:
                server = stack.enter_context(postgres.server())
                status.update("Preparing the databases ...")
                databases.prepare(server, demo=True)
                ignores_case = databases.ignores_case(server, VARIANTS[0])
                status.update("Starting the sites ...")
                running = _started(server, chosen, stack)
            console.print(_summary(chosen), "", _hint(), sep="\n", highlight=False)
            if not ignores_case:
                told.print(ONLY_ASCII)
            _watch(server, running, told)


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
    return f" at {hosts.address(port)}"


def _started(
    server: Mapping[str, str], chosen: Mapping[str, int], stack: contextlib.ExitStack
) -> list[sites.Site]:
    """Start all sites and the index page, and wait until each answers."""
    running = sites.start(server, chosen)
    stack.callback(lambda: processes.end(site.process for site in running))
    stack.callback(front_page.serve(chosen[ports.INDEX], chosen).shutdown)
    for site in running:
        site.wait()
    return running


def _watch(server: Mapping[str, str], running: Iterable[sites.Site], told: Console) -> None:
    """Start again what ends, and say when PostgreSQL stops answering and when it answers again.

    Meanwhile the sites answer 503. Raises WorkbenchError if something cannot start again.
    """
    failed = ""
    while True:
        postgres.revive()
        for site in running:
            if site.revive():
                told.print(f"{site.name}'s site had stopped and starts again: see {site.log}.")
        failure = _failure(server)
        if failure and not failed:
            told.print(f"PostgreSQL does not answer ({failure}). The sites go on when it does.")
        if failed and not failure:
            told.print("PostgreSQL answers again.")
        failed = failure
        time.sleep(HEARTBEAT)


def _failure(server: Mapping[str, str]) -> str:
    """Return why PostgreSQL takes no connection now, or nothing if it does."""
    try:
        postgres.connect(server, "postgres").close()
    except psycopg.Error as error:
        return postgres.reason(error)
    return ""


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
    return f"[link]{hosts.address(port, path)}[/link]"
