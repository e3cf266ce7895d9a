"""A subject's own process, as the run that drives it sees it."""

import json
from collections.abc import Mapping
from typing import Any

from workbench.bench.subjects import Subject
from workbench.errors import WorkbenchError
from workbench.server import prepare, processes


class Child:
    """Orders go to the process, and answers come back, a line each."""

    def __init__(self, subject: Subject, server: Mapping[str, str], seed: int) -> None:
        self.subject = subject
        order = {"pages": subject.pages, "floor": subject.floor, "seed": seed}
        self._process = processes.spawn_in(
            subject.folder, server, "workbench.bench.inside", json.dumps(order)
        )

    def order(self, do: str, **arguments: Any) -> None:
        """Order something, without waiting for it."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"do": do} | arguments) + "\n")
            self._process.stdin.flush()
        except OSError:
            self._ended()

    def answer(self) -> Any:
        """What came of the oldest order; raises WorkbenchError if that failed."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._ended()
        told = json.loads(line)
        if "error" in told:
            raise WorkbenchError(f"{self.subject.name} cannot be measured: {told['error']}")
        return told["told"]

    def ask(self, do: str, **arguments: Any) -> Any:
        """Order something and wait for what comes of it."""
        self.order(do, **arguments)
        return self.answer()

    def end(self) -> None:
        """End the process, whatever it does."""
        processes.end([self._process])

    def _ended(self) -> None:
        assert self._process.stderr is not None
        said = prepare.last_line(self._process.stderr.read())
        raise WorkbenchError(f"{self.subject.name}'s process ended while measured ({said}).")
