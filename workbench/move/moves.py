"""The twelve moves: what is kept, what is lost, whether it can run while the site serves."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.variants import VARIANTS, checked

FOLDER = PROJECT / "moves"
FILE = FOLDER / "moves.toml"


@dataclass(frozen=True)
class Stages:
    """Up to which migration a staged move goes before both codes run, and once only the new does.

    Then follow those that may wait.
    """

    both: str
    alone: str


@dataclass(frozen=True)
class Move:
    """One directed move, and what `moves.toml` says of it. stages: if it can be done in stages."""

    source: str
    target: str
    kept: str
    waits: str
    serving: str
    stages: Stages | None = None

    @property
    def name(self) -> str:
        """Also the name of its folder."""
        return f"{self.source}_to_{self.target}"

    @property
    def folder(self) -> Path:
        """Where its migrations, settings and README are."""
        return FOLDER / self.name

    @property
    def settings(self) -> str:
        """The settings module to run it with."""
        return f"moves.{self.name}.settings"

    @property
    def staged_name(self) -> str:
        """The folder of the same move in stages, for a site that may not stop."""
        return f"{self.name}_staged"

    @property
    def staged_settings(self) -> str:
        """The settings module to run that with."""
        return f"moves.{self.staged_name}.settings"

    @property
    def wants_rule(self) -> bool:
        """Whether several records of one user have to become one."""
        return self.source == "foreignkey" and self.target != "proxy_model"


def all_moves() -> list[Move]:
    """The twelve, in the variants' order."""
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [
        listed(source, target, said[f"{source}_to_{target}"])
        for source in VARIANTS
        for target in VARIANTS
        if source != target
    ]


def listed(source: str, target: str, said: dict[str, Any]) -> Move:
    """A move with what is said of it."""
    stages = said.pop("stages", None)
    return Move(source, target, **said, stages=Stages(**stages) if stages else None)


def move(source: str, target: str) -> Move:
    """The move between two variants; raises WorkbenchError if there is none of these names."""
    checked(source)
    checked(target)
    for found in all_moves():
        if (found.source, found.target) == (source, target):
            return found
    raise WorkbenchError(f"{source} is there already: name another variant as the target.")
