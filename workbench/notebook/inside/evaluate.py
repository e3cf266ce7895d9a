"""The variant on a database of its own, with many players, answering what it is asked.

Its argument is a JSON object with `database`, the name of an empty one. It says when it is ready.
Then each line on its input is an expression of Python as JSON text, and each line on its output
what that gave: `result` or `error`, and `statements`, as workbench.inside.record_sql has them.
"""

import importlib
import json
import sys
from datetime import date
from typing import Any

from workbench.inside import setup


def main() -> None:
    """Do it until the input ends."""
    setup.set_up(json.loads(sys.argv[1])["database"])
    setup.crowd()
    variant = importlib.import_module("suite.variant")
    names = {name: getattr(variant, name) for name in ("User", "PlayerModel", "roster", "path")}
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answered(json.loads(line), names), default=str), flush=True)


def answered(expression: str, names: dict[str, Any]) -> dict[str, Any]:
    """What the expression gave, or the error in which it ended, and what it asked of PostgreSQL."""
    # it wants Django to be set up
    from workbench.inside.record_sql import recorded

    result = error = None
    with recorded() as statements:
        try:
            result = eval(expression, names | {"date": date})
        except Exception as refusal:
            error = f"{type(refusal).__name__}: {refusal}"
    return {"result": result, "error": error, "statements": statements}


if __name__ == "__main__":
    main()
