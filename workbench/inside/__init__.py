"""What runs in a variant's own process: only the inside folders and notebook import Django.

`python -m workbench.inside` runs one of their modules. It says and hears lines of JSON; the other
side is workbench.server.processes.Conversation.
"""

import json
import sys
from typing import Any


def say(what: Any) -> None:
    """Say something; what JSON does not know is said as text."""
    print(json.dumps(what, default=str), flush=True)


def hear() -> Any:
    """Return the next thing that the tool says, or None once it says nothing more."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None
