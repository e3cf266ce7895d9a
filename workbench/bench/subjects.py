"""What is measured: the variants, the recipes that make one faster, and the peers."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.server import processes
from workbench.server.processes import Conversation
from workbench.variants import EXTRA_FIELDS

PEERS = PROJECT / "benchmarks" / "peers" / "peers.toml"
FIELDS = ("username", "email", "password1", "password2", *EXTRA_FIELDS)


class Pages(TypedDict):
    """The addresses of two pages, and what their forms call our fields: {ours: theirs}."""

    signup: str
    login: str
    fields: dict[str, str]
    login_fields: dict[str, str]


@dataclass(frozen=True)
class Subject:
    """A Django project in a folder, and its pages.

    package: what a peer is about, or "". floor: the module with the operations in SQL, or "".
    recipe: what makes this variant faster, or ""; only its `operations` are measured then, on the
    variant's own database. settings and roster: the modules to use.
    """

    name: str
    folder: Path
    pages: Pages
    package: str = ""
    floor: str = ""
    recipe: str = ""
    operations: tuple[str, ...] = ()
    settings: str = "config.settings"
    roster: str = "players.roster"


def all_subjects() -> list[Subject]:
    """The variants, then the recipes, then the peers."""
    return [*map(of_variant, variants.VARIANTS), *recipes(), *peers()]


def of_variant(name: str) -> Subject:
    """A variant as a subject."""
    pages: Pages = {
        "signup": "/register/",
        "login": "/login/",
        "fields": {field: field for field in FIELDS},
        "login_fields": {"username": "username", "password": "password"},
    }
    return Subject(name, variants.path(name), pages, floor=f"benchmarks.floor.{name}")


def recipes() -> list[Subject]:
    """The recipes in benchmarks/faster/, each with the operations that it makes faster."""
    plain = replace(of_variant("custom_user"), floor="")
    folder = "benchmarks.faster"
    return [
        replace(
            plain,
            recipe="cached_sql",
            operations=("find", "page"),
            roster=f"{folder}.cached_sql.roster",
        ),
        replace(
            plain,
            recipe="session_insert",
            operations=("register_page", "login_page"),
            settings=f"{folder}.session_insert.settings",
        ),
        replace(
            plain,
            recipe="last_login_insert",
            operations=("register_page",),
            settings=f"{folder}.last_login_insert.settings",
        ),
    ]


def peers(file: Path = PEERS) -> list[Subject]:
    """The projects that the file names, each in the folder of its name beside the file.

    Raises WorkbenchError if one says less than it must.
    """
    if not file.exists():
        return []
    found = []
    for name, said in tomllib.loads(file.read_text(encoding="utf-8")).items():
        missing = Pages.__required_keys__ - said.keys()
        if missing or not (file.parent / name / "manage.py").exists():
            lacking = " and ".join(sorted(missing)) or "a folder with a manage.py"
            raise WorkbenchError(f"{file}: {name} has no {lacking}; add it, or remove {name}.")
        package = said.pop("package", "")
        found.append(Subject(name, file.parent / name, said, package))
    return found


class Child(Conversation):
    """A subject's own process. Orders go to it, and what came of them comes back, in turn."""

    module = "workbench.bench.inside.subject"

    def __init__(self, subject: Subject, server: Mapping[str, str], seed: int) -> None:
        self.subject = subject
        order = {
            "settings": {"DEBUG": False, "ALLOWED_HOSTS": ["localhost"]},
            "pages": subject.pages,
            "floor": subject.floor,
            "roster": subject.roster,
            "recipe": subject.recipe,
            "operations": subject.operations,
            "seed": seed,
        }
        env = processes.environment_of(subject.folder, server)
        env["DJANGO_SETTINGS_MODULE"] = subject.settings
        words = (f"{subject.name} could not be measured", "see that its own tests pass")
        super().__init__(self.module, order, env, *words)

    def order(self, do: str, **arguments: Any) -> None:
        """Order something, without waiting for it."""
        self.tell({"do": do} | arguments)

    def answer(self) -> Any:
        """Return what came of the oldest order; raise WorkbenchError if that failed."""
        told = self.hear()
        if "error" in told:
            raise WorkbenchError(f"{self.subject.name} cannot be measured: {told['error']}.")
        return told["told"]

    def do(self, do: str, **arguments: Any) -> Any:
        """Order something and wait for what comes of it."""
        self.order(do, **arguments)
        return self.answer()
