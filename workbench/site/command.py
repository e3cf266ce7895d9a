"""`workbench site`: builds the site."""

from typing import Annotated

import typer
from rich.console import Console


def site(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure anew, even if all is current.")
    ] = False,
) -> None:
    """Build the site with what was measured; the suite is run first if it has to be.

    Example: workbench site
    """
    # the site's own modules, and Jupyter's, take a second to import
    from workbench.site import build

    build.build(Console(), fresh=fresh)
