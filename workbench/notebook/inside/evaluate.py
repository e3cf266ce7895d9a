"""The variant with many players, evaluating what a notebook asks.

It says when it is ready. Then it hears expressions of Python, and says of each what that gave:
`result` or `error`, and `statements`, as workbench.inside.record_sql has them. While it waits, it
has no connection: a class shares those of one server.
"""

import importlib
from datetime import date
from typing import Any

from django.db import connection

from workbench.inside import hear, say
from workbench.inside.record_sql import recorded
from workbench.inside.setup import add_demo_players, crowd, migrate


def main(demo: dict[str, str]) -> None:
    """Answer until nothing more is asked."""
    migrate()
    add_demo_players(demo, steady=True)
    crowd()
    variant = importlib.import_module("suite.variant")
    names = {name: getattr(variant, name) for name in ("User", "PlayerModel", "roster", "path")}
    connection.close()
    say("ready")
    while (expression := hear()) is not None:
        answer = evaluated(expression, names | {"date": date})
        connection.close()
        say(answer)


def evaluated(expression: str, names: dict[str, Any]) -> dict[str, Any]:
    """Return what the expression gave, or its error, and what it asked of PostgreSQL."""
    result = error = None
    with recorded() as statements:
        try:
            result = eval(expression, names)
        except Exception as refusal:
            error = f"{type(refusal).__name__}: {refusal}"
    return {"result": result, "error": error, "statements": statements}
