"""Who is measured: the variants, and the peers that people would use to register players."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT

PEERS = PROJECT / "benchmarks" / "peers" / "peers.toml"
FIELDS = ("username", "email", "password1", "password2", "birthdate", "discord_id", "zoom_id")


@dataclass(frozen=True)
class Subject:
    """A Django project in a folder, and how its forms call their fields.

    pages: `signup` and `login`, the addresses; `fields` and `login_fields`, {the variants' name
    of a field: this project's}. floor: the module with the same operations in SQL, or "".
    """

    name: str
    folder: Path
    pages: dict[str, Any]
    floor: str = ""


def all_subjects() -> list[Subject]:
    """The variants, then the peers."""
    return [*map(of_variant, variants.VARIANTS), *peers()]


def of_variant(name: str) -> Subject:
    """A variant as a subject."""
    pages = {
        "signup": "/register/",
        "login": "/login/",
        "fields": {field: field for field in FIELDS},
        "login_fields": {"username": "username", "password": "password"},
    }
    return Subject(name, variants.path(name), pages, f"benchmarks.floor.{name}")


def peers(file: Path = PEERS) -> list[Subject]:
    """The projects that the file names, each in the folder of its name beside the file.

    Raises WorkbenchError if one says less than it must.
    """
    if not file.exists():
        return []
    found = []
    for name, said in tomllib.loads(file.read_text(encoding="utf-8")).items():
        missing = {"signup", "login", "fields", "login_fields"} - said.keys()
        if missing or not (file.parent / name / "manage.py").exists():
            lacking = " and ".join(sorted(missing)) or "a folder with a manage.py"
            raise WorkbenchError(f"{file}: {name} has no {lacking}; add it, or remove {name}.")
        found.append(Subject(name, file.parent / name, said))
    return found
