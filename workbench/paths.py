"""The folders that the tool reads and writes."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
# the built site
SITE = BUILD / "site"


def data() -> Path:
    """Return the folder of the embedded PostgreSQL and of the tool's lock files.

    It is `.postgres/` in the project, unless WORKBENCH_DATA names another one.
    """
    chosen = os.environ.get("WORKBENCH_DATA")
    return Path(chosen).expanduser().resolve() if chosen else PROJECT / ".postgres"


def logs() -> Path:
    """Return the folder of the sites' logs: `build/logs/`, or in WORKBENCH_DATA if that is set."""
    return data() / "logs" if os.environ.get("WORKBENCH_DATA") else BUILD / "logs"
