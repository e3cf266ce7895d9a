"""Runs in a variant's process: pieces of code that break things, and what missions() says of each.

Standard input has a JSON list of [variant, [code, ...]]; each piece begins with missions that
have not begun, and with a user of its own in place of kethra.
"""

import contextlib
import json
import sys

from workbench import notebook
from workbench.notebook import break_it

OUT = sys.stdout


def tried(code, name):
    """What came of the code: the error's name or "", and the verdict on each mission."""
    from datetime import date

    from django.db import connection
    from players import roster

    names = {model.__name__: model for model in _models()}
    names |= {"date": date, "roster": roster, "sql": notebook.sql, "missions": notebook.missions}
    with connection.cursor() as cursor:
        cursor.execute("RESET session_replication_role")
        cursor.execute("DROP SCHEMA IF EXISTS missions CASCADE")
    notebook.missions()
    error = message = ""
    try:
        exec(code.replace("kethra", name), names)
    except Exception as raised:
        error, message = type(raised).__name__, str(raised)
    scores = notebook.missions()
    assert list(scores) == list(break_it.MISSIONS)
    return {
        "error": error,
        "message": message,
        "said": {id_: str(score) for id_, score in scores.items()},
    }


def _models():
    from django.apps import apps
    from django.contrib.auth import get_user_model

    return {get_user_model(), *apps.get_app_config("players").get_models()}


def main():
    variant, pieces = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        notebook.use(variant)
        from players import roster

        users = [f"hero{n:03}" for n in range(len(pieces))]
        roster.add_many([{"username": user} for user in users], password="roll-for-initiative")
        found = [tried(code, user) for code, user in zip(pieces, users, strict=True)]
    json.dump(found, OUT)


main()
