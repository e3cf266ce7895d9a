"""Real processes on a real PostgreSQL, in folders and on ports of their own."""

import ast
import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import browser
import psutil
import pytest
from rich.console import Console
from xdist.scheduler import LoadScopeScheduling

from workbench import npm
from workbench.errors import WorkbenchError
from workbench.matrix import environments
from workbench.paths import PROJECT
from workbench.serve import front_page, ports
from workbench.server import postgres
from workbench.site import build
from workbench.variants import VARIANTS

# seconds in which the sites must answer, once set up
ONCE_SET_UP = 10
READY = "Ctrl-C stops all"


def environment(folder, **more):
    """The tool's environment: of the caller's, nothing that means PostgreSQL or Django."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PG", "DJANGO_", "WORKBENCH_"))
    }
    return kept | {"WORKBENCH_DATA": str(folder), "COLUMNS": "120"} | more


def roster_functions(variant):
    """List the functions of a variant's roster in their order, private ones left out."""
    source = (PROJECT / "variants" / variant / "players" / "roster.py").read_text()
    found = [its.name for its in ast.parse(source).body if isinstance(its, ast.FunctionDef)]
    return [name for name in found if not name.startswith("_")]


def roster_operations():
    """Return the names of the roster's operations: the functions that all four variants have."""
    return set.intersection(*map(set, map(roster_functions, VARIANTS)))


def command(*arguments):
    return [sys.executable, "-c", "from workbench.cli import main; main()", *arguments]


class Tool:
    """The command line, on the data in one folder."""

    def __init__(self, folder, **environ):
        self.folder, self.environ = folder, environ

    def run(self, *arguments, given="", **environ):
        return subprocess.run(
            command(*arguments),
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=PROJECT,
            env=environment(self.folder, **self.environ | environ),
            check=False,
        )

    def complaint(self, *arguments, **environ):
        """What it says on stderr when it refuses; the proof that this is one line and code 2."""
        done = self.run(*arguments, **environ)
        assert done.returncode == 2, done
        assert done.stdout == ""
        [sentence] = done.stderr.splitlines()
        return sentence

    def serve(self, **environ):
        return Sites(self.folder, **environ)


class Sites:
    """A running `workbench serve`."""

    def __init__(self, folder, **environ):
        self.folder = folder
        self.ports = free_ports()
        began = time.monotonic()
        options = [
            word for name, port in self.ports.items() for word in ("--port", f"{name}={port}")
        ]
        self.process = subprocess.Popen(
            command("serve", *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=environment(folder, **environ),
        )
        self.said = self._until_ready()
        self.seconds = time.monotonic() - began
        self.processes = [self.process_tree(), postmaster(folder)]

    def _until_ready(self):
        said = ""
        for line in self.process.stdout:
            said += line
            if READY in line:
                return said
        raise AssertionError(self.process.stderr.read())

    def process_tree(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def url(self, variant, path="/"):
        return f"http://127.0.0.1:{self.ports[variant]}{path}"

    @property
    def index(self):
        return self.url("index")

    @property
    def env(self):
        """libpq's variables of the server, for psycopg or for a child process."""
        lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        return {"PGHOST": lines[4], "PGPORT": lines[3], "PGUSER": "postgres"}

    def left(self):
        """Those of its processes that are still there after some seconds, PostgreSQL included.

        Also those that it has started since.
        """
        tree, server = self.processes
        _, alive = psutil.wait_procs([*tree, server], timeout=15)
        alive = [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
        return alive + [
            process
            for process in psutil.process_iter(["cmdline", "cwd"])
            if str(self.folder) in f"{process.info['cwd']} {process.info['cmdline']}"
        ]

    def end(self, number=signal.SIGTERM):
        """Stop it, if it runs; returns its exit code and what it says on stderr."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors

    def ends(self):
        """Wait for it to end by itself; returns its exit code and what it says on stderr."""
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


def postmaster(folder):
    pid = (folder / "data" / "postmaster.pid").read_text().split()[0]
    return psutil.Process(int(pid))


def free_ports():
    with contextlib.ExitStack() as stack:
        probes = {name: stack.enter_context(socket.socket()) for name in (ports.INDEX, *VARIANTS)}
        for probe in probes.values():
            probe.bind((ports.HOST, 0))
        return {name: probe.getsockname()[1] for name, probe in probes.items()}


@contextlib.contextmanager
def short_folder():
    """A folder whose path is short enough for a socket, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="wb-"))
    # as a clone's folder is: PostgreSQL's own user passes through, if root runs the tests
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sites():
    """The four sites, for tests that leave them running: `url(variant)`, `index`, `env`."""
    with short_folder() as folder:
        running = Sites(folder)
        yield running
        running.end()


@pytest.fixture(scope="session")
def tool(sites):
    """The command line on the databases of the running sites."""
    return Tool(sites.folder)


@pytest.fixture(scope="session")
def set_up():
    """The command line on databases that are ready, for tests that stop and kill."""
    with short_folder() as folder:
        tool = Tool(folder)
        tool.serve().end()
        yield tool


@pytest.fixture(scope="session")
def bare():
    """The command line on a PostgreSQL without the variants' databases."""
    with short_folder() as folder:
        yield Tool(folder)


@pytest.fixture(scope="session")
def server():
    """libpq's variables of a PostgreSQL of the tests' own, in this process, too."""
    with short_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_DATA", str(folder))
        for name in [name for name in os.environ if name.startswith("PG")]:
            patch.delenv(name)
        with postgres.server() as found:
            never_mind_the_disk(found)
            yield found


def never_mind_the_disk(server):
    """Let PostgreSQL not wait for the disk: of such a server nothing outlives the tests.

    Source: PostgreSQL 18 docs, 14.5 Non-Durable Settings.
    """
    with postgres.connect(server, "postgres") as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def building():
    """What `workbench site` says while it builds the site from this tree; npm was asked before."""
    npm.node_modules()
    said = io.StringIO()
    build.build(Console(file=said))
    return said.getvalue()


@pytest.fixture(scope="session")
def beside():
    """The ports of the sites beside which the built site is served."""
    return free_ports()


@pytest.fixture(scope="session")
def built_site(building, beside):
    """The address of the site, built from this tree and served as `workbench serve` does it."""
    server = front_page.serve(beside[ports.INDEX], beside)
    yield f"http://{ports.HOST}:{beside[ports.INDEX]}{front_page.BELOW}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def newest_django():
    """The command of a Python with the newest Django that is supported."""
    try:
        return environments.ready(NEWEST)
    except WorkbenchError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests of a file; without one, whatever asks for it is left out.

    Not for the whole session: while it runs, its event loop is in the way of any other.
    """
    if not browser.is_there():
        pytest.fail(browser.LEFT_OUT, pytrace=False)
    with browser.running() as running:
        yield running


class Holder:
    """A process that uses the embedded server until it is told to leave."""

    PROGRAM = (
        "import json; from workbench.server import postgres; "
        "print(json.dumps(postgres.start()), flush=True); input()"
    )

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=environment(folder),
        )

    def env(self):
        """libpq's variables of the server, once it runs."""
        return json.loads(self.process.stdout.readline())

    def leave(self):
        if self.process.poll() is None:
            _, self.complained = self.process.communicate("\n", timeout=30)


@pytest.fixture
def hold():
    """Start processes that use the embedded server of a folder."""
    with contextlib.ExitStack() as stack:

        def start(folder):
            holder = Holder(folder)
            stack.callback(holder.leave)
            return holder

        yield start


def pytest_addoption(parser):
    parser.getgroup("workbench").addoption(
        "--all",
        action="store_true",
        help="with the tests of the workbench itself: the exhaustive ones, too, of which only a "
        "fixed sample runs otherwise",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "exhaustive: runs with --all only")


NEWEST = environments.environments()[-1]
# what is left out for want of something, in sentences
LEFT_OUT = pytest.StashKey[list]()


# These files read and write what is there only once, build/; so one process runs them all.
OF_THE_BUILD = re.compile(r"tests/test_(site\w*|tutorial|playground|quiz|notebooks|snapshots)\.py")
ONE_BUILD = {"building", "built_site"}


# These take the longest. By the number of their tests, which xdist goes by, some would come last,
# and one process would wait for the other.
LONG = re.compile(r"build|tests/test_(browser|moves\w*)\.py")


class InTwoProcesses(LoadScopeScheduling):
    """`-n 2 --dist loadfile`: a file stays in one process, and so does all that uses build/."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return "build" if OF_THE_BUILD.match(file) else file

    def _assign_work_unit(self, node):
        longest = next(filter(LONG.fullmatch, self.workqueue), None)
        if longest:
            self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") == "loadfile":
        return InTwoProcesses(config, log)


def pytest_itemcollected(item):
    file = item.path.relative_to(PROJECT).as_posix()
    assert OF_THE_BUILD.match(file) or ONE_BUILD.isdisjoint(item.fixturenames), OF_THE_BUILD.pattern


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Leave out the exhaustive tests, unless all are asked for, and what this machine cannot run.

    In CI nothing is left out for that: what is not there is a reason to fail.
    """
    if not config.getoption("all"):
        leave_out(config, items, [it for it in items if it.get_closest_marker("exhaustive")])
    told = config.stash[LEFT_OUT] = []
    for fixture, missing in {"chromium": no_browser, "newest_django": no_python}.items():
        using = [item for item in items if fixture in item.fixturenames]
        if using and not os.environ.get("CI") and (sentence := missing()):
            leave_out(config, items, using)
            told.append(f"{len(using)} tests left out. {sentence}")
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = told


def no_browser():
    """What to do if there is no browser, or nothing."""
    return "" if browser.is_there() else browser.LEFT_OUT


def no_python():
    """What to do if there is no Python for the newest Django, or nothing."""
    try:
        environments.find_python(NEWEST)
    except WorkbenchError as error:
        return str(error)
    return ""


def leave_out(config, items, these):
    """Deselect these tests; pytest says how many there are."""
    if these:
        items[:] = [item for item in items if item not in these]
        config.hook.pytest_deselected(items=these)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Each process of `-n 2` has left out the same."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", [])


def pytest_terminal_summary(terminalreporter, config):
    for sentence in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(sentence)
