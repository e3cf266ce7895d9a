"""The processes in which variants run: how one is started, talked to and ended.

    python -m workbench.server.processes workbench/serve/inside/site.py 127.0.0.1:8003

runs a program of Python in a process that ends when its parent does, even if that is killed.
"""

import contextlib
import http.client
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT

# seconds that a process has to end by itself
GRACE = 5
# What programs need, a terminal's among them. The rest of the developer's environment may hold
# secrets, and a site in development shows its environment on its error pages.
NEEDED = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
    *("TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "DISPLAY"),
    *("EDITOR", "VISUAL", "PAGER", "LESS"),
    *("SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "USERPROFILE"),
    *("WORKBENCH_DATA", "WORKBENCH_POSTGRESQL"),
}
NEEDED_FAMILIES = ("LC_", "PYTHON", "XDG_", "MOVES_")


def environment(server: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the part of this process's environment that programs need, and the given server.

    server: libpq's variables, as `postgres.server()` gives them.
    """
    ours = {
        key: value
        for key, value in os.environ.items()
        if key in NEEDED or key.startswith(NEEDED_FAMILIES)
    }
    return ours | dict(server or {})


def environment_of(folder: Path, server: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a Django project in that folder, in development mode."""
    return environment(server) | {
        "PYTHONPATH": os.pathsep.join([str(folder), str(PROJECT)]),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs one of the tool's modules with this Python."""
    return [sys.executable, "-m", module, *arguments]


class Conversation:
    """A process that runs a module of an inside folder in a Django project, and talks with us.

    What either side says is a line of JSON. Each method raises WorkbenchError if the process has
    failed: what that means (`failed`), what the process complained of, and what to do (`advice`).
    """

    def __init__(
        self,
        module: str,
        order: Mapping[str, Any],
        env: Mapping[str, str],
        failed: str,
        advice: str,
    ) -> None:
        self._failed, self._advice = failed, advice
        # not a pipe, which would hold the process up when it is full
        self._complaints = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            command("workbench.inside", module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            cwd=PROJECT,
            env=dict(env),
            start_new_session=True,
        )
        self.tell(order)

    def tell(self, what: Any) -> None:
        """Say something to the process."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()
        except OSError:
            self._fail()

    def hear(self) -> Any:
        """Return the next thing that the process says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else self._fail()

    def ask(self, what: Any) -> Any:
        """Say something, and return what the process says to that."""
        self.tell(what)
        return self.hear()

    def close(self) -> None:
        """Say nothing more."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def finish(self) -> None:
        """Say nothing more, and wait until the process ends."""
        assert self.process.stdout is not None
        self.close()
        self.process.stdout.read()
        if self.process.wait():
            self._fail()

    def _fail(self) -> NoReturn:
        self.close()
        self.process.wait()
        self._complaints.seek(0)
        said = last_line(self._complaints.read())
        raise WorkbenchError(f"{self._failed} ({said}): {self._advice}.")


def inside(
    variant: str,
    server: Mapping[str, str],
    module: str,
    order: Mapping[str, Any],
    failed: str,
    advice: str,
) -> Conversation:
    """Start a module of an inside folder in a variant; for the last two see Conversation."""
    env = environment_of(variants.path(variant), server)
    return Conversation(module, order, env, failed, advice)


def spawn_bound(
    log: Path, folder: Path, env: Mapping[str, str], *program: str
) -> subprocess.Popen[bytes]:
    """Start a program of Python in that folder, which ends with this process; append to its log.

    It gets a session of its own, so that Ctrl-C reaches only the tool, which ends it.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            command("workbench.server.processes", *program),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(env),
            start_new_session=True,
        )


Process = subprocess.Popen[bytes] | subprocess.Popen[str] | Conversation


def end(processes: Iterable[Process], *, ask: bool = True) -> None:
    """Ask all of them to end, wait, and kill those that did not.

    ask: if not, they end by themselves, as nothing more is said to them.
    """
    opened = [it.process if isinstance(it, Conversation) else it for it in processes]
    remaining = [process for process in opened if process.poll() is None]
    for process in remaining:
        if ask:
            process.terminate()
    for process in remaining:
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def stoppable() -> Iterator[None]:
    """Let the first signal that asks the program to end leave the block; a second is not heard."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]

    def stop(number: int, frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, stop)
    with contextlib.suppress(KeyboardInterrupt):
        yield


def wait_for_page(address: str, seconds: float, check: Callable[[], None], failed: str) -> None:
    """Wait until there is a page at the address, for so many seconds at most.

    check is called between two looks, and raises WorkbenchError if waiting is in vain. failed: the
    sentence of the WorkbenchError if the time is up.
    """
    # straight to this machine's port
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError, http.client.HTTPException):
            opener.open(address, timeout=seconds).close()
            return
        check()
        time.sleep(0.05)
    raise WorkbenchError(failed)


def last_line(text: str) -> str:
    """Return what a program complains of in the end, without PostgreSQL's hints and final dot."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?!HINT|DETAIL|LINE|CONTEXT)[\w.]+: ", line)]
    return (errors or lines or ["it says nothing"])[-1].rstrip(".")


def _end_with_the_parent() -> None:
    """The parent holds the other end of the input, which the system closes with its death."""
    while os.read(0, 1024):
        pass
    os._exit(0)


def main() -> None:
    """Run the program named on the command line, with the arguments after it."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
