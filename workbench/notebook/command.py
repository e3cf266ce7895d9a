"""`workbench notebook`: the notebooks in JupyterLab, or as slides."""

from typing import Annotated

import typer
from rich.console import Console

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
    from workbench.notebook import jupyter

    if slides:
        jupyter.export(variant, Console())
    else:
        jupyter.open_lab(variant, Console(), port=port, browser=not no_browser)
