"""The variants: their names, in the order in which everything shows them, and how to run one."""

import difflib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.paths import PROJECT

SUMMARIES = {
    "proxy_model": "Django's own User under a new name: new behaviour, no new column.",
    "profile_onetoone": "A Person beside each User, one to one: the extras in their own table.",
    "custom_user": "A User class of your own: the extras in the user's own row.",
    "foreignkey": "Person rows that point at a User: any number for each, none guaranteed.",
}

VARIANTS = tuple(SUMMARIES)


def checked(name: str) -> str:
    """The name, if a variant has it; raises WorkbenchError, with the valid names, if none has."""
    if name in VARIANTS:
        return name
    near = difflib.get_close_matches(name.lower().replace("-", "_"), VARIANTS, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise WorkbenchError(f"No variant is called {name!r}{hint}: there are {', '.join(VARIANTS)}.")


def path(name: str) -> Path:
    """The folder of a variant, with its manage.py; raises WorkbenchError if it is not there."""
    folder = PROJECT / "variants" / checked(name)
    if not (folder / "manage.py").exists():
        raise WorkbenchError(f"{folder} has no manage.py: run the workbench from a full clone.")
    return folder


def environment(name: str, server: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process in which the variant is in development mode.

    server holds libpq's variables of the PostgreSQL to use, as `postgres.server()` gives them.
    """
    return environment_of(path(name), server)


def environment_of(folder: Path, server: Mapping[str, str]) -> dict[str, str]:
    """The same for any Django project whose settings are config.settings."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "PG"))
    }
    return kept | {
        "PYTHONPATH": os.pathsep.join([str(folder), str(PROJECT)]),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **server,
    }


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs one of the tool's modules with this Python."""
    return [sys.executable, "-m", module, *arguments]
