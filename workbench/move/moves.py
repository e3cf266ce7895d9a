"""The twelve moves: what is kept, what is lost, whether it can run while the site serves."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.places import PROJECT
from workbench.variants import VARIANTS, checked

FOLDER = PROJECT / "moves"
FILE = FOLDER / "moves.toml"


@dataclass(frozen=True)
class Move:
    """One directed move, and what `moves.toml` says of it."""

    source: str
    target: str
    kept: str
    waits: str
    serving: str

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
    def wants_rule(self) -> bool:
        """Whether several records of one user have to become one."""
        return self.source == "foreignkey" and self.target != "proxy_model"


def all_moves() -> list[Move]:
    """The twelve, in the variants' order."""
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [
        Move(source, target, **said[f"{source}_to_{target}"])
        for source in VARIANTS
        for target in VARIANTS
        if source != target
    ]


def move(source: str, target: str) -> Move:
    """The move between two variants; raises WorkbenchError if there is none of these names."""
    checked(source)
    checked(target)
    for found in all_moves():
        if (found.source, found.target) == (source, target):
            return found
    raise WorkbenchError(f"{source} is there already: name another variant as the target.")
