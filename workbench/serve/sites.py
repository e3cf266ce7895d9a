"""The processes of the four sites: started, waited for, and started again when one ends."""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from workbench import files, paths, variants
from workbench.errors import WorkbenchError
from workbench.serve import hosts
from workbench.serve.ports import HOST, INDEX
from workbench.server import processes
from workbench.variants import COLOURS, VARIANTS

PROGRAM = Path(__file__).parent / "inside" / "site.py"
# seconds that a site has to answer its first request
PATIENCE = 60
# A site is not started again if it has stopped so many times in a row, each time sooner than so
# many seconds after its start.
TRIES, TOO_SOON = 3, 10
# Limits of each connection of a site to PostgreSQL. A request that reaches one is answered by 503.
# Source: PostgreSQL 18 docs, 19.11.1 Statement Behavior, 32.15 Environment Variables.
LIMITS = {
    "lock_timeout": "5s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "30s",
}
CONNECT_TIMEOUT = "3"  # seconds


class Site:
    """A variant's site on one port of this machine, with its log."""

    def __init__(self, name: str, server: Mapping[str, str], port: int, about: str) -> None:
        """Start it; server holds libpq's variables, about the address that its pages link to."""
        self.name = name
        self.address = f"http://{HOST}:{port}/"
        self.log = files.writable(paths.logs()) / f"{name}.log"
        self.log.unlink(missing_ok=True)
        folder = variants.path(name)
        its = environment(processes.environment_of(folder, server))
        its |= {"WORKBENCH_ABOUT": about, "WORKBENCH_COLOURS": " ".join(COLOURS[name])}
        self._start_in = (folder, its)
        self._listen = [f"{HOST}:{port}", *filter(None, [hosts.forwarded(port)])]
        self._failures = 0
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        self._began = time.monotonic()
        return processes.spawn_bound(self.log, *self._start_in, str(PROGRAM), *self._listen)

    def wait(self) -> None:
        """Wait until it answers; raise WorkbenchError if it stops or takes too long."""
        failed = f"{self.name} does not answer: see {self.log}."
        processes.wait_for_page(self.address, PATIENCE, self.check, failed)

    def check(self) -> None:
        """Raise WorkbenchError if it has stopped."""
        if (code := self.process.poll()) is not None:
            said = processes.last_line(self.log.read_text(errors="replace"))
            reason = said if code > 0 else f"signal {-code}"
            raise WorkbenchError(
                f"{self.name}'s site stopped ({reason}), so everything was stopped: see {self.log}."
            )

    def revive(self) -> bool:
        """Start it again if it has stopped, and return whether it had.

        Raises WorkbenchError if it stops again and again.
        """
        if self.process.poll() is None:
            return False
        soon = time.monotonic() - self._began < TOO_SOON
        self._failures = self._failures + 1 if soon else 0
        if self._failures == TRIES:
            self.check()
        self.process = self._start()
        return True


def start(server: Mapping[str, str], ports: Mapping[str, int]) -> list[Site]:
    """Start the four sites; ports holds the port of each and of the index page.

    Wait for them with wait().
    """
    about = hosts.address(ports[INDEX], "/site/approaches/")
    return [Site(name, server, ports[name], f"{about}{name}/") for name in VARIANTS]


def environment(its: Mapping[str, str]) -> dict[str, str]:
    """Return a site's environment with the limits of its connections to PostgreSQL."""
    options = [its.get("PGOPTIONS", ""), *(f"-c {name}={to}" for name, to in LIMITS.items())]
    return {
        "PGCONNECT_TIMEOUT": CONNECT_TIMEOUT,
        **its,
        "PGOPTIONS": " ".join(options).strip(),
    }
