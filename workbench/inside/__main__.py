"""Runs a module of an inside folder in the process of a Django project.

    python -m workbench.inside workbench.inside.setup '{"database": "custom_user", "demo": null}'

The environment names the settings and the server. The second argument is a JSON object. Of it,
`database` names the database, `settings` holds settings that are to be otherwise, and `apps` lists
further apps; the rest goes to the module's main(). The module is imported once Django is set up.
"""

import importlib
import json
import sys

from workbench.inside.setup import set_up


def main() -> None:
    """Set Django up, and run the module that the command line names."""
    name, order = sys.argv[1], json.loads(sys.argv[2])
    given = {key: order.pop(key) for key in ("database", "settings", "apps") if key in order}
    set_up(**given)
    importlib.import_module(name).main(**order)


if __name__ == "__main__":
    main()
