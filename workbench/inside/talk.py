"""What a process says to the tool, and hears from it: each a line of JSON.

The other side is workbench.server.processes.Conversation.
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
