"""Starting workbench.move.inside.steps under the source's, the move's or the target's settings."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.server import prepare


@dataclass(frozen=True)
class Project:
    """A variant's code on a database; with the move's settings, or with its own, unmodified.

    fault: one of tests/faults.py, to see whether it is caught. more: settings that are to be
    otherwise, such as {"MOVES_PATIENCE": 1}.
    """

    server: Mapping[str, str]
    variant: str
    database: str
    settings: str = "config.settings"
    world: bool = True
    rule: str = ""
    fault: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def do(self, *parts: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        """What came of each part; raises WorkbenchError if the move is refused or fails."""
        process = subprocess.run(
            variants.command("workbench.move.inside.steps", self.order(*parts)),
            env=self.environment(),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            said = prepare.last_line(process.stderr)
            raise WorkbenchError(
                f"{self.variant} could not {parts[-1][0].replace('_', ' ')} on {self.database} "
                f"({said}): see it whole with --keep and manage.py."
            )
        told: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
        if "refused" in told:
            raise WorkbenchError(told["refused"])
        return told

    def order(self, *parts: tuple[str, dict[str, Any]]) -> str:
        """What a program inside the project is told, as JSON."""
        return json.dumps(
            {
                "database": self.database,
                "world": self.world,
                "rule": self.rule,
                "fault": self.fault,
                "settings": dict(self.more),
                "do": parts,
            }
        )

    def environment(self) -> dict[str, str]:
        """The environment of a process inside the project."""
        its = variants.environment(self.variant, self.server)
        return its | {"DJANGO_SETTINGS_MODULE": self.settings}
