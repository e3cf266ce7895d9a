"""What a notebook uses: one variant's Django in this kernel, and ways to look at what it does.

    from workbench import notebook
    notebook.use("custom_user")       # Django, a database of this run's own, the demo players

use() also puts the models, the roster and these functions into the notebook's namespace.
`four()` asks all variants at once, each in a process of its own.
"""

import importlib
from typing import Any

# each is imported when it is asked for: with pandas and IPython that takes a second
MODULES = {
    "all_four": ["Four", "four"],
    "answers": ["areas", "differences", "measured"],
    "break_it.score": ["missions"],
    "exercises": ["check", "hint"],
    "output": ["explain", "picture", "ran", "show_sql", "source", "sql", "table"],
    "predictions": ["compare", "predict"],
    "using": ["crowd", "use"],
}
HOMES = {name: module for module, names in MODULES.items() for name in names}
__all__ = list(HOMES)


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)
