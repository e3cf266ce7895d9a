"""Starting and ending the processes in which the variants run."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from workbench import variants

# seconds that a process has to end by itself
GRACE = 5


def spawn_site(
    name: str, server: Mapping[str, str], port: int, log: Path
) -> subprocess.Popen[bytes]:
    """Start a variant's development server on that port of 127.0.0.1; its output goes to the log.

    It stands in a session of its own, so that Ctrl-C reaches only the tool, which ends it.
    """
    manage = str(variants.path(name) / "manage.py")
    with log.open("wb") as output:
        return subprocess.Popen(
            variants.command(
                "workbench.server.child", manage, "runserver", "--noreload", f"127.0.0.1:{port}"
            ),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=variants.path(name),
            env=variants.environment(name, server),
            start_new_session=True,
        )


def spawn_inside(
    name: str, server: Mapping[str, str], module: str, order: str
) -> subprocess.Popen[str]:
    """Start a module of one of the inside folders in a variant; order is its one argument."""
    return spawn_in(variants.path(name), server, module, order)


def spawn_in(
    folder: Path, server: Mapping[str, str], module: str, order: str
) -> subprocess.Popen[str]:
    """The same in the folder of any Django project whose settings are config.settings."""
    return subprocess.Popen(
        variants.command(module, order),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=variants.environment_of(folder, server),
        start_new_session=True,
    )


def end(processes: Iterable[subprocess.Popen[bytes] | subprocess.Popen[str]]) -> None:
    """Ask all of them to end, wait, and kill those that did not."""
    remaining = [process for process in processes if process.poll() is None]
    for process in remaining:
        process.terminate()
    for process in remaining:
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
