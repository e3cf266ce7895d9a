"""A process that keeps the embedded server running for another process, its parent.

It says on its output how to connect, and waits for the end of its input, which comes also when the
parent is killed. Until then it starts the server again if that was killed. In the end it stops the
server, unless another keeper still holds it. Who holds it is a lock on a file, not a list of
process numbers: the operating system lets go of a dead one's lock.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import fasteners  # type: ignore[import-untyped]

from workbench.errors import WorkbenchError
from workbench.server import embedded

# seconds between two looks at whether the server runs
HEARTBEAT = 0.5


def keep(folder: Path, *, large: bool) -> None:
    """Start or join the server of the folder, say so, and keep it running until the input ends."""
    turn = fasteners.InterProcessLock(folder / "turn.lock")
    held = fasteners.InterProcessReaderWriterLock(folder / "held.lock")
    with turn:
        held.acquire_read_lock()
        try:
            env = embedded.start(folder, large=large)
        except WorkbenchError:
            _leave(held, folder)
            raise
    _say(env)
    ended = threading.Event()
    threading.Thread(target=_await_the_end, args=[ended], daemon=True).start()
    while not ended.wait(HEARTBEAT):
        if not embedded.runs(folder):
            with turn:
                embedded.start(folder, large=large)
    with turn:
        _leave(held, folder)


def _await_the_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _leave(held: fasteners.InterProcessReaderWriterLock, folder: Path) -> None:
    held.release_read_lock()
    if held.acquire_write_lock(blocking=False):
        embedded.stop(folder)
        held.release_write_lock()


def _say(answer: dict[str, str]) -> None:
    try:
        print(json.dumps(answer), flush=True)
    except BrokenPipeError:
        # the parent has gone already; the end of the input says so too
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Keep the server of the folder that is named on the command line; `large` may follow it."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    folder, *more = sys.argv[1:]
    try:
        keep(Path(folder), large="large" in more)
    except WorkbenchError as error:
        _say({"error": str(error)})
    except (OSError, subprocess.SubprocessError) as error:
        _say({"error": f"Cannot run PostgreSQL in {folder}: {error}."})


if __name__ == "__main__":
    main()
