"""Slides of the notebooks, which ask nothing of another host: reveal.js lies beside them."""

import shutil
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

from workbench.lab import running
from workbench.site import vendor

TEMPLATES = Path(__file__).parent / "templates"
# what of reveal.js the slides use
PARTS = ("LICENSE", "dist/reveal.css", "dist/reveal.js", "dist/theme/white.css", "dist/theme/fonts")
PLUGIN = "plugin/notes"


def write(notebooks: Mapping[str, NotebookNode], into: Path) -> list[Path]:
    """Write the slides of the notebooks that have run, by name; returns the pages.

    Raises WorkbenchError when npm cannot bring reveal.js.
    """
    into.mkdir(parents=True, exist_ok=True)
    _copy(vendor.node_modules() / "reveal.js", into / "reveal.js")
    return [_page(name, notebook, into) for name, notebook in notebooks.items()]


def _page(name: str, notebook: NotebookNode, into: Path) -> Path:
    config = Config(SlidesExporter={"reveal_url_prefix": "reveal.js", "reveal_theme": "white"})
    exporter = SlidesExporter(  # type: ignore[no-untyped-call]
        config=config,
        template_name="teaching_slides",
        extra_template_basedirs=[str(TEMPLATES)],
    )
    html, _ = exporter.from_notebook_node(_unfolded(notebook), {"metadata": {"name": name}})
    page = into / f"{name}.html"
    page.write_text(html, encoding="utf-8")
    return page


def _unfolded(notebook: NotebookNode) -> NotebookNode:
    """The speaker's view shows the notes, so they are not folded there."""
    unfolded = deepcopy(notebook)
    for cell in unfolded.cells:
        if "instructor" in running.tags(cell):
            cell.source = running.note(cell)
    return unfolded


def _copy(source: Path, target: Path) -> None:
    for part in (*PARTS, PLUGIN):
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        elif (source / part).exists():
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / part, target / part)
