"""What a notebook uses: one variant's Django in this kernel, and ways to look at what it does.

    from workbench import notebook
    notebook.use("custom_user")       # Django, a database of this run's own, the demo players

use() also puts the models, the roster and these functions into the notebook's namespace.
`four()` asks all variants at once, each in a process of its own.
"""

from workbench.notebook.answers import differences, measured
from workbench.notebook.checking import check
from workbench.notebook.four import Four, four
from workbench.notebook.showing import explain, picture, ran, show_sql, source, sql, table
from workbench.notebook.using import crowd, use

__all__ = [
    "Four",
    "check",
    "crowd",
    "differences",
    "explain",
    "four",
    "measured",
    "picture",
    "ran",
    "show_sql",
    "source",
    "sql",
    "table",
    "use",
]
