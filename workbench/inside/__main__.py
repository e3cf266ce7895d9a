"""Runs a module of an inside folder in the process of a Django project.

    echo '{"database": "custom_user", "demo": null}' |
        python -m workbench.inside workbench.inside.setup

The environment names the settings and the server. The first line of the input is a JSON object: it
may hold a password, and command lines are shown to every user of the machine. Of it, `database`
names the database, `settings` holds settings that are to be otherwise, and `apps` lists
further apps; the rest goes to the module's main(). The module is imported once Django is set up.
"""

import importlib
import json
import sys

from workbench.inside.setup import set_up


def main() -> None:
    """Set Django up, and run the module that the command line names."""
    # unbuffered: the module itself may wait for what comes next
    with open(0, "rb", buffering=0, closefd=False) as given_lines:
        order = json.loads(given_lines.readline())
    given = {key: order.pop(key) for key in ("database", "settings", "apps") if key in order}
    set_up(**given)
    importlib.import_module(sys.argv[1]).main(**order)


if __name__ == "__main__":
    main()
