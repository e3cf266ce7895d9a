"""`workbench diagnose`: read a Django project of yours, and say what it does with its users."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbench import files, progress
from workbench.diagnose import run
from workbench.diagnose.report import report
from workbench.diagnose.show import html as page
from workbench.diagnose.show import show


def diagnose(
    path: Annotated[Path, typer.Argument(help="The folder with your manage.py.")],
    settings: Annotated[
        str, typer.Option(metavar="MODULE", help="Instead of those that manage.py names.")
    ] = "",
    python: Annotated[
        str, typer.Option(metavar="FILE", help="The Python of your project, if not in .venv.")
    ] = "",
    database: Annotated[
        bool, typer.Option("--database/--no-database", help="Whether to read the database.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page to share instead.")
    ] = None,
) -> None:
    """Diagnose your Django project: its approach, its faults, its possible moves.

    It loads the project with its own Python, which runs its manage.py, settings and apps. It only
    reads: every statement is READ ONLY, has a timeout, and needs no more than SELECT. Nothing is
    sent anywhere.

    Example: workbench diagnose ../shop --html diagnosis.html
    """
    with progress.steps() as tell:
        tell("Reading the project in its own Python")
        found = report(run.read(path, settings, python, database))
    if html:
        files.write(html, page(found))
        Console().print(f"{html} holds the diagnosis.", soft_wrap=True)
    elif as_json:
        print(json.dumps(found.as_json(), indent=1, ensure_ascii=False))
    else:
        show(Console(), found)
