"""Turning a kernel into one variant's Django, on a database of its own."""

import atexit
import importlib
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from typing import Any

import django
from django.conf import settings
from IPython.core.getipython import get_ipython

from workbench import variants
from workbench.errors import WorkbenchError
from workbench.inside import setup
from workbench.notebook import answers, exercises, output, predictions
from workbench.notebook.break_it.score import missions
from workbench.server import databases, postgres

# of a database for one run: made for it, dropped after it, also after a kill
MARK = f"{databases.MARK}: for one run of a notebook"

_used: str | None = None
_database: str | None = None


def use(variant: str) -> None:
    """Set Django up for the variant, on a new database with the demo players.

    Called again, it starts over with the same players. Raises WorkbenchError if this kernel is
    another variant already, or there is no PostgreSQL.
    """
    global _used
    output.prepare_display()
    _check(variants.checked(variant))
    server = postgres.start() if _used is None else postgres.from_environment()
    os.environ.update(server)
    _enter(variant)
    _used = variant
    answers.mine = variant
    _start_over(server, variant)
    output.watch()
    shell = get_ipython()
    if shell is not None:
        shell.push(_namespace())  # type: ignore[no-untyped-call]
    print(f"This kernel is {variant}, on Django {django.get_version()}, {_where()}.")


def lend(server: Mapping[str, str], variant: str) -> str:
    """Make a database of the variant for this process, and return its name."""
    name = f"notebook_{variant}_{secrets.token_hex(4)}"
    databases.lend(server, name, MARK)
    return name


def crowd() -> int:
    """Add many more players, all grown up, if they are not there; return how many users exist."""
    return setup.crowd()


def _check(variant: str) -> None:
    if _used not in (None, variant):
        raise WorkbenchError(
            f"This kernel is {_used}, and a process can be one Django project only: choose the "
            f"kernel {variant} (Django), or restart this one if it is the kernel Workbench."
        )
    if _used is None and settings.configured:
        raise WorkbenchError(
            "Django is set up in this kernel already: choose the kernel Workbench instead."
        )


def _enter(variant: str) -> None:
    """The environment that a process of the variant has."""
    folder = str(variants.path(variant))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    os.environ.pop("DJANGO_SECRET_KEY", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # cells run within an event loop, but one after the other (Django docs, Async safety)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def _start_over(server: dict[str, str], variant: str) -> None:
    global _database
    before, _database = _database, lend(server, variant)
    setup.set_up(_database)
    setup.migrate()
    setup.add_demo_players(databases.DEMO, steady=True)
    if before is None:
        atexit.register(_leave)
    else:
        databases.drop(server, before)


def _leave() -> None:
    from django.db import connection

    connection.close()
    if _database is not None:
        databases.drop(postgres.from_environment(), _database)


def _where() -> str:
    from django.contrib.auth import get_user_model

    version = output.sql("SHOW server_version").iat[0, 0].split()[0]
    players = get_user_model()._default_manager.count()
    return f"with {players} users in a database of its own on PostgreSQL {version}"


def _namespace() -> dict[str, Any]:
    """What a notebook finds there: the app's models, the roster with its error, the functions."""
    from django.apps import apps
    from django.contrib.auth import get_user_model

    models = {model.__name__: model for model in apps.get_app_config("players").get_models()}
    functions: list[Callable[..., Any]] = [output.sql, output.explain, output.ran, output.show_sql]
    functions += [output.table, output.source, answers.measured, crowd, missions]
    functions += [predictions.predict, predictions.compare]
    functions += [exercises.check, exercises.hint]
    return {
        "User": get_user_model(),
        **models,
        "roster": importlib.import_module("players.roster"),
        **{function.__name__: function for function in functions},
    }
