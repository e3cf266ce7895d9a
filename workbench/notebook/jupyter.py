"""JupyterLab on the notebooks, with a ready kernel for each variant."""

import contextlib
import os
import secrets
import subprocess
import webbrowser
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from rich.console import Console

from workbench import files, paths, variants
from workbench.errors import WorkbenchError
from workbench.notebook import clean, copies, run, slides, using
from workbench.serve import ports
from workbench.server import databases, postgres, processes

# the first port to try, next to those of `workbench serve`
PORT = 8005
# seconds that JupyterLab has to answer
PATIENCE = 60
# the kernels that the set-up also installs below .venv/share/, where VS Code looks
KERNELS = Path(__file__).parent / "prefix" / "share" / "jupyter"


def open_lab(
    variant: str | None, console: Console, *, folder: Path, port: int | None, browser: bool
) -> None:
    """Serve the notebooks of a folder until Ctrl-C or SIGTERM, with PostgreSQL running.

    variant names the notebook to open; None opens the list of all. Then all that was started is
    ended, and the kernels' databases are dropped. Raises WorkbenchError when something cannot
    start, or stops while serving.
    """
    page = f"/tree/{_notebook(variant, folder).name}" if variant else ""
    number, token = ports.one(port, PORT), secrets.token_urlsafe(24)
    clean.filter_in()
    with processes.stoppable(), postgres.server() as server:
        with console.status("Starting JupyterLab ..."):
            lab = _start(number, token, folder)
        try:
            _wait(lab, number, token)
            address = f"http://{ports.HOST}:{number}/lab{page}?reset&token={token}"
            console.print(f"[link]{address}[/link]", "", HINT, sep="\n", soft_wrap=True)
            if browser:
                webbrowser.open(address)
            lab.wait()
            raise WorkbenchError(f"JupyterLab stopped: see {_log()}.")
        finally:
            _end(lab)
            databases.drop_left(server, using.MARK)


def _end(lab: "subprocess.Popen[bytes]") -> None:
    """End JupyterLab, then what is left of its kernels and of what they started."""
    started: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        started = psutil.Process(lab.pid).children(recursive=True)
    processes.end([lab])
    _, left = psutil.wait_procs(started, timeout=processes.GRACE)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=processes.GRACE)


def copy(folder: Path, console: Console) -> None:
    """Write the students' and the instructor's notebooks; raise WorkbenchError as copies does."""
    for each in copies.write(folder):
        console.print(str(each), soft_wrap=True)
    opening = f"Open a set with `workbench notebook --folder {folder}/students`."
    console.print(opening, soft_wrap=True)


def export(variant: str | None, console: Console) -> None:
    """Write the notebooks' slides; they are run first if they have changed."""
    name = _notebook(variant, run.FOLDER).stem if variant else ""
    for page in slides.write():
        if page.stem.startswith(name):
            console.print(page.as_uri(), soft_wrap=True)
    console.print("S opens the instructor's view, F fills the screen, Esc shows all slides.")


HINT = (
    "JupyterLab saves the notebooks with their outputs, which git does not see.\nCtrl-C stops all."
)


def _notebook(variant: str, folder: Path) -> Path:
    found = sorted(folder.glob(f"*_{variants.checked(variant)}.ipynb"))
    if not found:
        raise WorkbenchError(
            f"{folder} has no notebook of {variant}: name another folder with --folder."
        )
    return found[0]


def _start(port: int, token: str, folder: Path) -> "subprocess.Popen[bytes]":
    spec = find_spec("jupyterlab.__main__")
    assert spec is not None
    assert spec.origin is not None
    env = _environment(token)
    _log().unlink(missing_ok=True)
    return processes.spawn_bound(_log(), folder, env, spec.origin, *_options(port, folder))


def _options(port: int, folder: Path) -> list[str]:
    """JupyterLab's options: this machine only, and nothing is asked of another."""
    return [
        f"--ServerApp.ip={ports.HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.open_browser=False",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.allow_root=True",
        f"--FileCheckpoints.checkpoint_dir={run.HOME / 'checkpoints'}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=",
    ]


def _environment(token: str) -> Mapping[str, str]:
    silent = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    files.write_json(run.HOME / "config" / "labconfig" / "page_config.json", silent)
    own = {"JUPYTER_PATH": str(KERNELS), "JUPYTER_TOKEN": token}
    path = os.pathsep.join(filter(None, [str(paths.PROJECT), os.environ.get("PYTHONPATH")]))
    return run.environment() | own | {"PYTHONPATH": path}


def _wait(lab: "subprocess.Popen[bytes]", port: int, token: str) -> None:
    address = f"http://{ports.HOST}:{port}/api/status?token={token}"
    failed = f"JupyterLab does not start: see {_log()}."

    def check() -> None:
        if lab.poll() is not None:
            raise WorkbenchError(failed)

    processes.wait_for_page(address, PATIENCE, check, failed)


def _log() -> Path:
    return files.writable(paths.logs()) / "jupyterlab.log"
