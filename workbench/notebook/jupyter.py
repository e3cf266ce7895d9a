"""JupyterLab on the notebooks, with a ready kernel for each variant."""

import os
import secrets
import subprocess
import sys
import webbrowser
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from workbench import files, paths, variants
from workbench.errors import WorkbenchError
from workbench.notebook import run, slides, using
from workbench.serve import ports
from workbench.server import databases, postgres, processes

# the first port to try, next to those of `workbench serve`
PORT = 8005
# seconds that JupyterLab has to answer
PATIENCE = 60


def open_lab(variant: str | None, console: Console, *, port: int | None, browser: bool) -> None:
    """Serve the notebooks until Ctrl-C or SIGTERM, with PostgreSQL running, then stop all.

    variant names the notebook to open; None opens the list of all. Raises WorkbenchError when
    something cannot start, or stops while serving.
    """
    page = f"/tree/{_notebook(variant).name}" if variant else ""
    number, token = ports.one(port, PORT), secrets.token_urlsafe(24)
    with processes.stoppable(), postgres.server() as server:
        with console.status("Starting JupyterLab ..."):
            lab = _start(number, token)
        try:
            _wait(lab, number, token)
            address = f"http://{ports.HOST}:{number}/lab{page}?reset&token={token}"
            console.print(f"[link]{address}[/link]", "", HINT, sep="\n", soft_wrap=True)
            if browser:
                webbrowser.open(address)
            lab.wait()
            raise WorkbenchError(f"JupyterLab stopped: see {_log()}.")
        finally:
            processes.end([lab])
            databases.drop_left(server, using.MARK)


def export(variant: str | None, console: Console) -> None:
    """Write the notebooks' slides; they are run first if they have changed."""
    name = _notebook(variant).stem if variant else ""
    for page in slides.write():
        if page.stem.startswith(name):
            console.print(page.as_uri(), soft_wrap=True)
    console.print("S opens the instructor's view, F fills the screen, Esc shows all slides.")


HINT = (
    "The notebooks are saved without their outputs, so that git sees only what you change.\n"
    "Ctrl-C stops all."
)


def kernels(folder: Path) -> Path:
    """Write a ready kernel for each variant below the folder; returns it, for JUPYTER_PATH."""
    for name in variants.VARIANTS:
        ready = f"from workbench import notebook; notebook.use('{name}')"
        spec = {
            "argv": [
                *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
                f"--IPKernelApp.exec_lines={ready}",
            ],
            "display_name": f"{name} (Django)",
            "language": "python",
        }
        file = folder / "kernels" / name / "kernel.json"
        files.write_json(file, spec)
    return folder


def _notebook(variant: str) -> Path:
    [path] = run.FOLDER.glob(f"*_{variants.checked(variant)}.ipynb")
    return path


def _start(port: int, token: str) -> "subprocess.Popen[bytes]":
    spec = find_spec("jupyterlab.__main__")
    assert spec is not None
    assert spec.origin is not None
    env = _environment(token)
    _log().unlink(missing_ok=True)
    return processes.spawn_bound(_log(), run.FOLDER, env, spec.origin, *_options(port))


def _options(port: int) -> list[str]:
    """JupyterLab's options: this machine only, nothing asked of another, notebooks saved clean."""
    return [
        f"--ServerApp.ip={ports.HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.open_browser=False",
        f"--ServerApp.root_dir={run.FOLDER}",
        "--ServerApp.allow_root=True",
        "--FileContentsManager.pre_save_hook=workbench.notebook.clean.before_save",
        f"--FileCheckpoints.checkpoint_dir={run.HOME / 'checkpoints'}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=",
    ]


def _environment(token: str) -> Mapping[str, str]:
    silent = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    files.write_json(run.HOME / "config" / "labconfig" / "page_config.json", silent)
    own = {"JUPYTER_PATH": str(kernels(run.HOME)), "JUPYTER_TOKEN": token}
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
