"""`workbench notebook`: the notebooks in JupyterLab, or as slides."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbench.errors import WorkbenchError
from workbench.serve import ports
from workbench.variants import ONE_VARIANT, checked


def notebook(
    variant: Annotated[
        str | None,
        typer.Argument(
            help=f"Open the notebook of this variant. {ONE_VARIANT}", show_default=False
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; otherwise the first free one from 8005.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(help="Open the notebooks of this folder, such as copies.", show_default=False),
    ] = None,
    copies: Annotated[
        Path | None,
        typer.Option(
            help="Write a set for students and one for the instructor into this new folder.",
            show_default=False,
        ),
    ] = None,
    slides: Annotated[
        bool, typer.Option("--slides", help="Write the slides instead, to be shown offline.")
    ] = False,
) -> None:
    """Open the notebooks in JupyterLab, on databases of their own; Ctrl-C stops all.

    Example: workbench notebook custom_user
    """
    if variant:
        checked(variant)
    if port is not None:
        ports.check_range(port, str(port))
    # pandas and Jupyter take a second to import, which no other command should wait for
    from workbench.notebook import jupyter, run

    if slides:
        jupyter.export(variant, Console())
    elif copies:
        jupyter.copy(copies, Console())
    else:
        opened = (folder or run.FOLDER).resolve()
        if not opened.is_dir():
            raise WorkbenchError(f"There is no folder {opened}: name one with notebooks.")
        jupyter.open_lab(variant, Console(), folder=opened, port=port, browser=not no_browser)
