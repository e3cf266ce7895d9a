"""A class: many kernels on one server, copies of the notebooks, and what kernels say."""

import asyncio
import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import browser
import nbformat
import psutil
import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from sample import sample
from test_notebooks import ANSI, USE, lab

from conftest import environment, postmaster
from workbench import files, recorded
from workbench.compare import results
from workbench.notebook import clean, copies, jupyter, run, using
from workbench.paths import BUILD, PROJECT
from workbench.server import databases, embedded, postgres
from workbench.variants import VARIANTS

# seconds for one cell, while 30 kernels share two cores
PATIENCE = 1200
COMMAND = ".venv/bin/pytest tests/test_class.py --all -k one_server"
NAMES = [path.stem for path in run.paths()]
FOUR = "from workbench.notebook import four\nvariants = four()"


def of_a_kernel(folder):
    """A kernel's environment, on the PostgreSQL of a folder."""
    own = {key: value for key, value in run.environment().items() if "JUPYTER" in key}
    return environment(folder, **own, IPYTHONDIR=str(run.HOME / "ipython"))


class Kernel:
    """A kernel of the workbench, as JupyterLab or VS Code starts it."""

    def __init__(self, folder, cwd):
        self.manager, self.client = start_new_kernel(
            kernel_name="workbench", startup_timeout=60, env=of_a_kernel(folder), cwd=str(cwd)
        )

    def run(self, source):
        """All that comes of a cell, as plain text."""
        heard = []
        self.client.execute_interactive(source, timeout=120, output_hook=heard.append)
        contents = [message["content"] for message in heard]
        texts = [
            "\n".join(its.get("traceback", ()))
            or its.get("text")
            or its.get("data", {}).get("text/plain", "")
            for its in contents
        ]
        return ANSI.sub("", "".join(texts))

    def kill(self):
        self.manager.signal_kernel(signal.SIGKILL)

    def end(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel()


@pytest.fixture
def kernel(sites, tmp_path):
    """Start kernels outside the clone, on the PostgreSQL of the running sites."""
    with contextlib.ExitStack() as stack:

        def start():
            started = Kernel(sites.folder, tmp_path)
            stack.callback(started.end)
            return started

        yield start


def connections(env):
    """The names of the notebooks' databases with their connections, as {name: how many}."""
    with postgres.connect(env, "postgres") as connection:
        rows = connection.execute(
            """SELECT datname, count(pid) FILTER (WHERE backend_type = 'client backend')
               FROM pg_database LEFT JOIN pg_stat_activity USING (datname)
               WHERE datname ~ '^notebook_' GROUP BY datname"""
        )
        return dict(rows.fetchall())


# Connections and databases


def test_the_four_have_no_connection_unless_they_are_asked(kernel, sites):
    one = kernel()
    one.run(FOUR)
    assert list(connections(sites.env).values()) == [0] * len(VARIANTS)
    assert "custom_user: " in one.run("variants.ask('roster.find(\"kethra\")')")
    assert one.run("variants.columns().shape[1]") == str(len(VARIANTS))
    assert list(connections(sites.env).values()) == [0] * len(VARIANTS)


def test_after_stop_the_next_cell_starts_them_again_and_says_so(kernel, sites):
    one = kernel()
    one.run(FOUR)
    before = set(connections(sites.env))
    one.run("variants.stop(); variants.stop()")
    assert connections(sites.env) == {}
    again = one.run("variants.ask('User.objects.count()')")
    first, *answers = again.splitlines()
    assert first == "The four had been stopped. They start again, each on a new database."
    assert len(answers) == len(VARIANTS)
    assert not before & set(connections(sites.env))


def test_after_a_process_is_killed_the_same_cell_works_again(kernel, sites):
    one = kernel()
    one.run(FOUR)
    one.run("variants.running['custom_user'].process.kill()")
    said = one.run("variants.ask('User.objects.count()')")
    assert said.splitlines()[-1].endswith(
        "custom_user ended (it says nothing): run this cell again."
    )
    assert "custom_user: 10" in one.run("variants.ask('User.objects.count()')")


def test_a_database_stays_while_its_kernel_runs_and_is_dropped_after_a_kill(kernel, sites):
    killed, other = kernel(), kernel()
    killed.run(FOUR)
    before = set(connections(sites.env))
    other.run(USE.format("proxy_model"))
    assert before < set(connections(sites.env))
    killed.kill()
    other.run(USE.format("proxy_model"))
    assert not before & set(connections(sites.env))


@pytest.mark.parametrize(
    ("process", "stays"),
    [
        ("process {pid} of {user} since {today}", True),
        ("process 1 of ben on lab-3 since {today}", True),
        ("process 1 of ben on lab-3 since 2026-01-31", False),
        ("process {gone} of {user} since {today}", False),
    ],
)
def test_a_database_of_another_machine_stays_for_some_days(server, process, stays):
    name = "notebook_of_a_test"
    databases.lend(server, name, using.MARK)
    with postgres.connect(server, "postgres") as connection:
        [(comment,)] = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        ).fetchall()
        own = databases.PROCESS.fullmatch(comment.removeprefix(using.MARK))
        ended = subprocess.Popen(["true"])
        ended.wait()
        words = process.format(
            pid=own["number"], user=own["user"], today=own["day"], gone=ended.pid
        )
        connection.execute(f"COMMENT ON DATABASE {name} IS '{using.MARK}, {words}'")
    databases.drop_left(server, using.MARK)
    assert databases.exists(server, name) == stays
    databases.drop(server, name)


def test_another_users_sites_are_not_used_on_a_shared_server(bare, hold, tmp_path):
    shared = hold(bare.folder).env()
    assert bare.run("manage", "custom_user", "check", **shared).returncode == 0
    with postgres.connect(shared, "postgres") as connection:
        [(mark,)] = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
            " WHERE datname = 'custom_user'"
        ).fetchall()
        user = f"{psutil.Process().username()} on {socket.gethostname()}"
        assert mark == f"{databases.MARK}: of {user}"
        connection.execute(
            f"COMMENT ON DATABASE custom_user IS '{databases.MARK}: of ben on lab-3'"
        )
        complaint = bare.complaint("manage", "custom_user", "check", **shared)
        consent = "COMMENT ON DATABASE custom_user IS 'extending-user-workbench'"
        assert complaint == (
            "The database custom_user belongs to the workbench of ben on lab-3 (nothing was "
            f"touched): unset PGHOST to use a PostgreSQL of your own, or share it by {consent}."
        )
        connection.execute(consent)
    assert bare.run("manage", "custom_user", "check", **shared).returncode == 0


# Kernels


def test_the_set_up_installs_the_kernels_where_editors_look():
    for name in ("workbench", *VARIANTS):
        below = Path("kernels", name, "kernel.json")
        installed = Path(sys.prefix, "share", "jupyter", below)
        assert installed.read_text() == (jupyter.KERNELS / below).read_text()


def test_a_cell_that_is_run_after_a_restart_says_what_to_do(kernel):
    one = kernel()
    advice = "This kernel has just started: run the notebook's first cells again, then this one."
    assert one.run("show_sql()\nroster.find('kethra')") == (
        f"NameError: name 'show_sql' is not defined. {advice}"
    )
    refused = one.run("from workbench.notebook import missions\nmissions()")
    assert re.fullmatch(r"WorkbenchError: [^\n]+\.", refused)
    one.run(USE.format("proxy_model"))
    assert one.run("count + 1") == (
        "NameError: name 'count' is not defined. Run the cells above this one first, "
        "or correct the name."
    )
    assert len(one.run("notebook.use('foreignkey')").splitlines()) == 1
    # an error within a module is not the notebook's
    assert "first cells" not in one.run("import runpy; runpy.run_path('/dev/stdin')['x']")


@pytest.mark.exhaustive
def test_a_crowd_is_added_once(kernel):
    one = kernel()
    one.run(USE.format("foreignkey"))
    first = one.run("crowd()")
    assert int(first) > 10_000
    assert one.run("crowd()") == first
    one.run("User.objects.filter(username='player0007').delete()")
    assert one.run("crowd()") == first


def test_a_missing_result_is_a_card(kernel):
    one = kernel()
    one.run(USE.format("custom_user"))
    assert "did you mean" in one.run("measured('queries_of_a_naive_lst')")
    one.run("from workbench.notebook import areas, differences")
    assert int(one.run("print(areas()['questions'].sum())")) == len(results.load()["questions"])
    one.run("from workbench.compare import results; results.FILE = results.FOLDER / 'none.json'")
    assert one.run("len(areas())") == "0"
    for source in ("measured('queries_of_a_naive_list')", "differences('Deletion')"):
        assert one.run(source) == (
            f"results/none.json cannot be read: restore it, or run `{results.COMMAND}`."
        )


def test_each_result_that_a_notebook_shows_is_recorded():
    recorded = {question["id"] for question in results.load()["questions"]}
    shown = {
        name
        for path in run.paths()
        for cell in run.read(path).cells
        for name in re.findall(r"""measured\(["'](\w+)["']\)""", cell.source)
    }
    assert shown
    assert shown <= recorded


# Copies


@pytest.fixture
def copied(tmp_path):
    """The folder with both sets."""
    copies.write(tmp_path / "class")
    return tmp_path / "class"


def test_only_the_instructors_copies_have_notes_and_solutions(copied):
    for name in NAMES:
        given, whole = (
            run.read(copied / folder / f"{name}.ipynb") for folder in ("students", "instructor")
        )
        assert whole.cells == run.read(run.FOLDER / f"{name}.ipynb").cells
        left_out = [cell for cell in whole.cells if cell not in given.cells]
        found = {tag for cell in whole.cells for tag in run.tags(cell)} & copies.INSTRUCTORS
        assert found
        assert {tag for cell in left_out for tag in run.tags(cell)} >= found
        assert not copies.INSTRUCTORS & {tag for cell in given.cells for tag in run.tags(cell)}
        assert given.metadata.kernelspec.name == "workbench"


def test_copies_overwrite_nothing(tool, tmp_path):
    folder = tmp_path / "class"
    done = tool.run("notebook", "--copies", str(folder))
    assert done.stdout.splitlines() == [
        str(folder / "students"),
        str(folder / "instructor"),
        f"Open a set with `workbench notebook --folder {folder}/students`.",
    ]
    before = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    assert tool.complaint("notebook", "--copies", str(folder)) == (
        f"{folder} is not empty: name a new folder, because copies overwrite nothing."
    )
    assert before == {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    (tmp_path / "file").touch()
    assert tool.complaint("notebook", "--copies", str(tmp_path / "file")).startswith(
        "Cannot write to "
    )
    assert "There is no folder" in tool.complaint("notebook", "--folder", str(tmp_path / "none"))


@pytest.mark.parametrize("name", sample(NAMES, [NAMES[-1]]))
def test_a_students_copy_runs_outside_the_clone(copied, sites, name):
    """Whole: what only a solution defines is not needed afterwards."""
    notebook = run.read(copied / "students" / f"{name}.ipynb")
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name=notebook.metadata.kernelspec.name,
        resources={"metadata": {"path": str(copied / "students")}},
    )
    client.execute(env=of_a_kernel(sites.folder))


# What is saved


def with_outputs(notebook):
    """As JupyterLab saves it after a run with another kernel, and nbgrader's marks in it."""
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text="It ran.")]
    cell.execution_count = 7
    cell.metadata["scrolled"] = True
    notebook.metadata.kernelspec.name = "custom_user"
    return notebook


def test_git_does_not_see_outputs(tmp_path):
    def git(*words):
        return subprocess.run(
            ["git", *words], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    name = f"{NAMES[0]}.ipynb"
    for path in (".gitattributes", f"notebooks/{name}"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / path, tmp_path / path)
    saved = tmp_path / "notebooks" / name
    git("init", "--quiet")
    clean.filter_in(tmp_path)
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "Begin")
    notebook = with_outputs(run.read(saved))
    nbformat.write(notebook, saved)
    assert "It ran." in saved.read_text()
    git("add", ".")
    assert git("status", "--porcelain") == ""
    notebook.cells[0].metadata["nbgrader"] = {"grade_id": "kept"}
    nbformat.write(notebook, saved)
    assert [line for line in git("diff").splitlines() if re.match(r"[+-]\s", line)] == [
        '+    "nbgrader": {',
        '+     "grade_id": "kept"',
        "+    },",
    ]


def test_in_a_conflict_git_takes_a_notebook_as_it_is():
    text = "<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n"
    assert clean.cleaned(text) == text


@pytest.mark.exhaustive
def test_a_reload_shows_the_outputs_that_were_saved(chromium, sites, tmp_path):
    cell = nbformat.v4.new_code_cell("6 * 7", metadata={"nbgrader": {"grade_id": "kept"}})
    path = tmp_path / "tried.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=clean.METADATA), path)
    page = browser.open_page(chromium)
    with lab(sites.folder, "--folder", str(tmp_path)) as (_, address):
        page.goto(address.replace("/lab?", "/lab/tree/tried.ipynb?"))
        page.get_by_text("Workbench | Idle").wait_for(timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        output = page.locator(".jp-OutputArea-output").get_by_text("42", exact=True)
        output.wait_for()
        page.keyboard.press("Control+s")
        for _ in range(300):
            if "42" in path.read_text():
                break
            time.sleep(0.1)
        page.goto(address.replace("/lab?", "/lab/tree/tried.ipynb?"))
        output.wait_for(timeout=60_000)
    page.context.close()
    [saved] = run.read(path).cells
    assert (saved.metadata.nbgrader, len(saved.outputs)) == ({"grade_id": "kept"}, 1)


# The end


@pytest.mark.exhaustive
def test_sigterm_leaves_nothing_behind(set_up, hold):
    """No process, no database of a kernel, and no server, while a kernel runs the four."""
    with lab_that_ends(set_up.folder) as (process, address):
        base, token = address.split("/lab")[0], address.rpartition("token=")[2]
        order = json.dumps({"name": "workbench"}).encode()
        start = urllib.request.Request(f"{base}/api/kernels?token={token}", order, method="POST")
        with urllib.request.urlopen(start) as answer:
            number = json.load(answer)["id"]
        [file] = run.HOME.glob(f"runtime/kernel-{number}.json")
        said = run_in(file, FOUR + "\nprint('ready')")
        assert said == "ready\n"
        beside = hold(set_up.folder)
        assert len(connections(beside.env())) == len(VARIANTS)
        beside.leave()
        started = [*psutil.Process(process.pid).children(recursive=True), postmaster(set_up.folder)]
    _, alive = psutil.wait_procs(started, timeout=20)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
    assert connections(hold(set_up.folder).env()) == {}


@contextlib.contextmanager
def lab_that_ends(folder):
    with lab(folder) as (process, address):
        yield process, address
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def run_in(file, source):
    """Run a cell in the kernel of a connection file; return what it prints."""
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    for _ in range(60):
        # on a busy machine the first heartbeat may be late, which the client takes for a death
        with contextlib.suppress(RuntimeError):
            client.wait_for_ready(timeout=60)
            break
    heard = []
    client.execute_interactive(source, timeout=120, output_hook=heard.append)
    client.stop_channels()
    return "".join(message["content"].get("text", "") for message in heard)


# A class


class Class:
    """Learners that run notebook 5 at once, and what that takes of one server and one machine."""

    def __init__(self, learners, env, folder):
        self.learners, self.env, self.folder = learners, env, folder
        self.most, self.ended = 0, threading.Event()
        self.found, self.at_rest = {}, None

    def run(self):
        watching = threading.Thread(target=self._watch)
        watching.start()
        try:
            # the browser's event loop is in the way of another
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, self._all()).result()
        finally:
            self.ended.set()
            watching.join()

    def _watch(self):
        """Count the connections, at the most, while they work."""
        with postgres.connect(self.env, "postgres") as connection:
            while not self.ended.wait(0.2):
                [(count,)] = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                ).fetchall()
                self.most = max(self.most, count - 1)

    async def _all(self):
        self.arrived, self.go_on, self.turn = 0, asyncio.Event(), asyncio.Lock()
        async with asyncio.TaskGroup() as group:
            for _ in range(self.learners):
                group.create_task(self._learner())

    async def _learner(self):
        notebook = run.read(run.FOLDER / f"{NAMES[-1]}.ipynb")
        client = NotebookClient(
            notebook,
            timeout=PATIENCE,
            startup_timeout=PATIENCE,
            kernel_name="workbench",
            resources={"metadata": {"path": str(run.FOLDER)}},
        )
        async with contextlib.AsyncExitStack() as stack:
            # one after the other: a port may be taken between its choice and its use
            async with self.turn:
                await stack.enter_async_context(
                    client.async_setup_kernel(env=of_a_kernel(self.folder))
                )
            *others, last = enumerate(notebook.cells)
            for index, cell in others:
                await client.async_execute_cell(cell, index)
            self.arrived += 1
            if self.arrived == self.learners:
                # all are there, and nobody asks anything
                self._measure()
                self.go_on.set()
            await self.go_on.wait()
            await client.async_execute_cell(last[1], last[0])

    def _measure(self):
        kernels = [
            process
            for process in psutil.Process().children()
            if "ipykernel_launcher" in process.cmdline()
        ]
        assert len(kernels) == self.learners
        trees = [one for kernel in kernels for one in (kernel, *kernel.children(recursive=True))]
        server = postmaster(self.folder)
        self.found = {
            "learners": self.learners,
            "memory of a learner": memory(trees) // self.learners,
            "memory of PostgreSQL": memory([server, *server.children()]),
            "connections at most": self.most,
        }
        self.at_rest = sum(connections(self.env).values())

    def record(self):
        """Write what was measured, as results/class.json has it."""
        measured = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": recorded.machine(),
            "versions": recorded.versions(self.env),
            "command": COMMAND,
        }
        files.write_json(BUILD / "class.json", {"measured": measured, **self.found})


def memory(processes):
    """Bytes of memory, what several processes share counted once (Linux: PSS)."""
    return sum(process.memory_full_info().pss for process in processes)


@pytest.mark.exhaustive
@pytest.mark.parametrize("learners", [2, 30])
def test_a_class_on_one_server(bare, hold, learners):
    """All cells of notebook 5 in so many kernels at once; build/class.json has what it took."""
    env = hold(bare.folder).env()
    held = Class(learners, env, bare.folder)
    held.run()
    held.record()
    assert held.at_rest == 0
    assert 0 < held.found["connections at most"] < embedded.CONNECTIONS
    assert held.found["memory of a learner"] < 650 * 2**20
