"""Slides of the notebooks, which ask nothing of another host: reveal.js lies beside them."""

import shutil
from copy import deepcopy
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

from workbench import files
from workbench.notebook import run
from workbench.npm import install
from workbench.paths import BUILD

FOLDER = BUILD / "slides"
TEMPLATES = Path(__file__).parent / "templates"
# what of reveal.js the slides use
PARTS = ("LICENSE", "dist/reveal.css", "dist/reveal.js", "dist/theme/white.css", "dist/theme/fonts")
PLUGIN = "plugin/notes"


def written() -> list[Path]:
    """The pages of slides, one for each notebook, written anew if a notebook has run since.

    Raises WorkbenchError if a notebook does not run, or npm cannot bring reveal.js.
    """
    found = run.executed()
    pages = [FOLDER / f"{name}.html" for name in found]
    if not _are_current(pages):
        FOLDER.mkdir(parents=True, exist_ok=True)
        _copy(install.node_modules() / "reveal.js", FOLDER / "reveal.js")
        for (name, notebook), page in zip(found.items(), pages, strict=True):
            page.write_text(_page(name, notebook), encoding="utf-8")
    return pages


def _are_current(pages: list[Path]) -> bool:
    rest_on = [Path(__file__), *TEMPLATES.rglob("*.j2"), *run.EXECUTED.glob("*.ipynb")]
    return files.are_current(pages, rest_on)


def _page(name: str, notebook: NotebookNode) -> str:
    config = Config(SlidesExporter={"reveal_url_prefix": "reveal.js", "reveal_theme": "white"})
    exporter = SlidesExporter(  # type: ignore[no-untyped-call]
        config=config,
        template_name="teaching_slides",
        extra_template_basedirs=[str(TEMPLATES)],
    )
    html, _ = exporter.from_notebook_node(_unfolded(notebook), {"metadata": {"name": name}})
    return str(html)


def _unfolded(notebook: NotebookNode) -> NotebookNode:
    """The speaker's view shows the notes, so they are not folded there."""
    unfolded = deepcopy(notebook)
    for cell in unfolded.cells:
        if "instructor" in run.tags(cell):
            cell.source = run.note(cell)
    return unfolded


def _copy(source: Path, target: Path) -> None:
    for part in (*PARTS, PLUGIN):
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        elif (source / part).exists():
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / part, target / part)
