"""The folders that the tool reads and writes."""

import os
from pathlib import Path

from workbench.errors import WorkbenchError

PROJECT = Path(__file__).resolve().parent.parent
# the built site
SITE = PROJECT / "build" / "site"


def data() -> Path:
    """The folder of the embedded PostgreSQL and of the tool's lock files.

    WORKBENCH_DATA names another one than `.postgres/` in the project.
    """
    chosen = os.environ.get("WORKBENCH_DATA")
    return Path(chosen).expanduser().resolve() if chosen else PROJECT / ".postgres"


def logs() -> Path:
    """The folder of the sites' logs: `build/logs/`, or in WORKBENCH_DATA if that is set."""
    return data() / "logs" if os.environ.get("WORKBENCH_DATA") else PROJECT / "build" / "logs"


def writable(folder: Path) -> Path:
    """The folder, made if need be; raises WorkbenchError when nothing can be written there."""
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"written")
        probe.unlink()
    except OSError as error:
        raise WorkbenchError(
            f"Cannot write to {folder} ({error.strerror}): "
            "free or open it, or name another folder with WORKBENCH_DATA."
        ) from error
    return folder
