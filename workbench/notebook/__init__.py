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
    "Four": "all_four",
    "check": "answers",
    "crowd": "using",
    "differences": "answers",
    "explain": "output",
    "four": "all_four",
    "measured": "answers",
    "picture": "output",
    "ran": "output",
    "show_sql": "output",
    "source": "output",
    "sql": "output",
    "table": "output",
    "use": "using",
}
__all__ = list(MODULES)


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{MODULES[name]}"), name)
