"""The variants: their names, in the order in which everything shows them, and their folders."""

import difflib
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.paths import PROJECT

SUMMARIES = {
    "proxy_model": "Django's own User as another class. It adds methods and no column.",
    "profile_onetoone": "One Person row for each User. The extra fields are in its table.",
    "custom_user": "A User class of your own. The extra fields are in the user's row.",
    "foreignkey": "Any number of Person rows for each User, or none.",
}

# the colour of each on light and on dark ground, as docs/assets/site.css has it
COLOURS = {
    "proxy_model": ("#6f42b8", "#c0a2f5"),
    "profile_onetoone": ("#0b6e62", "#6fd3c5"),
    "custom_user": ("#a4480f", "#f0a97b"),
    "foreignkey": ("#2458b8", "#94b8ff"),
}

VARIANTS = tuple(SUMMARIES)
ONE_VARIANT = f"One of {', '.join(VARIANTS)}."
EXTRA_FIELDS = ("birthdate", "discord_id", "zoom_id")


def checked(name: str) -> str:
    """Return the name if a variant has it; raise WorkbenchError, with the valid names, if not."""
    if name in VARIANTS:
        return name
    near = difflib.get_close_matches(name.lower().replace("-", "_"), VARIANTS, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise WorkbenchError(f"No variant is called {name!r}{hint}: there are {', '.join(VARIANTS)}.")


def path(name: str) -> Path:
    """Return the folder of a variant, with its manage.py; raise WorkbenchError without one."""
    folder = PROJECT / "variants" / checked(name)
    if not (folder / "manage.py").exists():
        raise WorkbenchError(f"{folder} has no manage.py: run the workbench from a full clone.")
    return folder
