"""The new code as it runs beside the old one: the target's, with the few lines more that it needs.

The READMEs of the staged moves tell people to add the same lines.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.move.moves import Move
from workbench.move.project import Project
from workbench.move.run import Server
from workbench.paths import PROJECT

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
class Beside(Project):
    """Code of a variant that lies in another folder."""

    folder: str = ""

    def environment(self) -> dict[str, str]:
        """The environment of a process inside the project."""
        return super().environment() | {
            "PYTHONPATH": os.pathsep.join([self.folder, str(PROJECT)]),
        }


@contextmanager
def beside(server: Server, it: Move, name: str) -> Iterator[Project]:
    """The new code on that database, as it runs beside the old one, for the block."""
    with tempfile.TemporaryDirectory(prefix="beside-") as above:
        folder = Path(above) / it.target
        shutil.copytree(variants.path(it.target), folder)
        keep_the_table(folder / "players" / "models.py")
        if it.source == "proxy_model":
            keep_the_backend(folder)
        yield Beside(server, it.target, name, folder=str(folder))


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
