"""Staff who edit rows of other apps while a move runs: notes, and entries of the admin's log.

workbench.inside runs it in the process of some code. Each reads a row, takes as long as a page, and
saves it, all columns of it. They say when they begin, and stop when nothing more is said to them;
then they say what they `wrote`, {table: {id: text}}, how many `edits` that were, the `longest` one
in seconds, and the `errors`.
"""

import itertools
import threading
import time

from django.db import connection

from workbench.inside import hear, say

EDITORS = 20
A_PAGE = 0.2


def rows_to_edit():
    """The rows that there are: [(model, the column to write, id)]."""
    from django.contrib.admin.models import LogEntry

    from moves.world.models import Note

    return [
        (model, column, key)
        for model, column in ((Note, "text"), (LogEntry, "change_message"))
        for key in model.objects.order_by("pk").values_list("pk", flat=True)
    ]


def edit(mine, name, over, told):
    """Go on until it is over."""
    for nth, (model, column, key) in enumerate(itertools.cycle(mine)):
        if over.is_set():
            break
        began = time.monotonic()
        try:
            row = model.objects.get(pk=key)
            time.sleep(A_PAGE)
            setattr(row, column, f"{name} {nth}")
            row.save()
        except Exception as error:
            told["errors"].append(f"{model.__name__} {key}: {type(error).__name__}: {error}")
            continue
        told["edits"] += 1
        told["longest"] = max(told["longest"], time.monotonic() - began)
        told["wrote"].setdefault(model._meta.db_table, {})[key] = f"{name} {nth}"
    connection.close()


def main():
    found, over = rows_to_edit(), threading.Event()
    told = {"wrote": {}, "edits": 0, "longest": 0.0, "errors": []}
    editors = [
        threading.Thread(target=edit, args=(found[nth::EDITORS], f"editor {nth}", over, told))
        for nth in range(EDITORS)
    ]
    for editor in editors:
        editor.start()
    say("ready")
    hear()
    over.set()
    for editor in editors:
        editor.join()
    say(told)
