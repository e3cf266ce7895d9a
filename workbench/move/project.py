"""The code of a variant on a database, in a process of its own: the old, the moving or the new one.

The new code runs beside the old one with a few lines more than the target has, which the READMEs
of the staged moves tell people to add.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.move.moves import Move
from workbench.move.report import Act, Failure, Told, VisitSummary
from workbench.server import processes
from workbench.server.processes import Conversation

Server = Mapping[str, str]

META = "    class Meta(AbstractUser.Meta):\n"
TABLE = '        db_table = "auth_user"\n'
# what the open sessions name, and what new ones are to name: either code accepts both
BACKEND = '''"""The backend that open sessions name."""

from django.contrib.auth.backends import ModelBackend


class PlayerBackend(ModelBackend):
    pass
'''
BACKENDS = """AUTHENTICATION_BACKENDS = [
    "players.backends.PlayerBackend",
    "django.contrib.auth.backends.ModelBackend",
]
"""


@dataclass(frozen=True)
class Project:
    """A variant's code on a database; with the move's settings, or with its own, unmodified.

    world: with the other app (moves/world). rule: for users with several records. more: settings
    that are to be otherwise, such as {"MOVES_PATIENCE": 1}. folder: of the code, if not the
    variant's own.
    """

    server: Server
    variant: str
    database: str
    settings: str = "config.settings"
    world: bool = True
    rule: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    module: ClassVar[str] = "workbench.move.inside.steps"

    def do(self, *steps: tuple[str, dict[str, Any]]) -> Told:
        """Return what came of each step; raise WorkbenchError if the move is refused or fails."""
        what = steps[-1][0].replace("_", " ")
        process = self.start(self.module, f"could not {what}", steps=steps)
        told: Told = process.hear()
        process.finish()
        if "refused" in told:
            raise WorkbenchError(told["refused"])
        return told

    def start(self, module: str, failed: str, **order: Any) -> Conversation:
        """Start a module of an inside folder in the project."""
        words = (f"{self.variant} {failed} on {self.database}", "see it whole with manage.py")
        return Conversation(module, self.order() | order, self.environment(), *words)

    def order(self) -> dict[str, Any]:
        """Return what workbench.inside sets up."""
        settings = {"MOVES_DUPLICATES": self.rule, "ALLOWED_HOSTS": ["*"], **self.more}
        apps = ["moves.world"] if self.world else []
        return {"database": self.database, "settings": settings, "apps": apps}

    def environment(self) -> dict[str, str]:
        """Return the environment of a process inside the project."""
        folder = self.folder or variants.path(self.variant)
        its = processes.environment_of(folder, self.server)
        return its | {"DJANGO_SETTINGS_MODULE": self.settings}


@contextmanager
def beside(server: Server, it: Move, name: str) -> Iterator[Project]:
    """Yield the new code on that database, as it runs beside the old one, for the block."""
    with tempfile.TemporaryDirectory(prefix="beside-") as above:
        folder = Path(above) / it.target
        shutil.copytree(variants.path(it.target), folder)
        keep_the_table(folder / "players" / "models.py")
        if it.source == "proxy_model":
            keep_the_backend(folder)
        yield Project(server, it.target, name, folder=folder)


def keep_the_table(models: Path) -> None:
    """Let the users' table keep Django's name for now."""
    text = models.read_text(encoding="utf-8")
    if META not in text:
        raise WorkbenchError(f"{models.name} has no Meta to add the table's name to.")
    models.write_text(text.replace(META, META + TABLE), encoding="utf-8")


def keep_the_backend(folder: Path) -> None:
    """Accept the sessions of the old code, and write such as it accepts."""
    (folder / "players" / "backends.py").write_text(BACKEND, encoding="utf-8")
    settings = folder / "config" / "settings.py"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text + "\n" + BACKENDS, encoding="utf-8")


# seconds for which they come and go before the move and after it
BEFORE = AFTER = 1


@dataclass
class Visit:
    """What one visitor did: their acts in order, and what they wrote of each player."""

    acts: list[Act] = field(default_factory=list)
    wrote: dict[str, dict[str, str]] = field(default_factory=dict)


@contextmanager
def visiting(project: Project, name: str) -> Iterator[Visit]:
    """Let a visitor of that code come and go for the time of the block; what they did, after it.

    name: what the names of their players begin with.
    """
    visit = Visit()
    process = project.start("workbench.move.inside.visitor", "had a visitor who failed", name=name)
    try:
        process.hear()
        yield visit
        process.close()
        told = process.hear()
        visit.acts, visit.wrote = told["acts"], told["wrote"]
    finally:
        processes.end([process])


def summary(visit: Visit, began: float, lost: list[str]) -> VisitSummary:
    """Return what a page tells of a visit; times in seconds since the move began.

    began: since the epoch. lost: what was written and is not there afterwards.
    """
    errors = [act for act in visit.acts if act[3]]
    longest = max(visit.acts, key=lambda act: act[1])
    return {
        "acts": len(visit.acts),
        "until": visit.acts[-1][0] - began,
        "longest": {"seconds": longest[1], "what": longest[2], "at": longest[0] - began},
        "errors": len(errors),
        "first_error": told(errors[0], began) if errors else None,
        "last_error": told(errors[-1], began) if errors else None,
        "wrote": len(visit.wrote),
        "lost": lost,
    }


def told(act: Act, began: float) -> Failure:
    """An error: when it came, at what, and its first line."""
    return {"at": act[0] + act[1] - began, "what": act[2], "error": act[3]}
