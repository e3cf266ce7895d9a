"""The notebooks as slides: first the code, then its output, and none taller than the screen.

The slides ask nothing of another host: reveal.js lies beside them.
"""

import shutil
from copy import deepcopy
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

from workbench import files, npm
from workbench.notebook import run
from workbench.paths import BUILD

SLIDES = BUILD / "slides"
TEMPLATES = Path(__file__).parent / "templates"
# splits what is taller than the screen, when the page is opened
FIT = TEMPLATES / "teaching_slides" / "fit.js"
# what of reveal.js the slides use
PARTS = ("LICENSE", "dist/reveal.css", "dist/reveal.js", "dist/theme/white.css", "dist/theme/fonts")
PLUGIN = "plugin/notes"


def write() -> list[Path]:
    """Write the pages of slides, one for each notebook, if a notebook has run since; return them.

    Raises WorkbenchError if a notebook does not run, or npm cannot bring reveal.js.
    """
    found = run.executed()
    pages = [SLIDES / f"{name}.html" for name in found]
    if not _are_current(pages):
        SLIDES.mkdir(parents=True, exist_ok=True)
        _copy(npm.node_modules() / "reveal.js", SLIDES / "reveal.js")
        shutil.copy(FIT, SLIDES)
        for (name, notebook), page in zip(found.items(), pages, strict=True):
            page.write_text(_page(name, notebook), encoding="utf-8")
    return pages


def _are_current(pages: list[Path]) -> bool:
    rest_on = [Path(__file__), *TEMPLATES.rglob("*.*"), *run.EXECUTED.glob("*.ipynb")]
    return files.are_current(pages, rest_on)


def _page(name: str, notebook: NotebookNode) -> str:
    config = Config(SlidesExporter={"reveal_url_prefix": "reveal.js", "reveal_theme": "white"})
    exporter = SlidesExporter(  # type: ignore[no-untyped-call]
        config=config,
        template_name="teaching_slides",
        extra_template_basedirs=[str(TEMPLATES)],
    )
    html, _ = exporter.from_notebook_node(_stepwise(notebook), {"metadata": {"name": name}})
    return str(html)


def _stepwise(notebook: NotebookNode) -> NotebookNode:
    """The notebook with each output in a cell of its own, which is a step of its own."""
    stepwise = deepcopy(notebook)
    stepwise.cells = []
    for cell in notebook.cells:
        stepwise.cells += _steps(deepcopy(cell))
    return stepwise


def _steps(cell: NotebookNode) -> list[NotebookNode]:
    if "instructor" in run.tags(cell):
        # the speaker's view shows the notes, so they are not folded there
        cell.source = run.note(cell)
    if not cell.get("outputs") or cell.metadata.slideshow.slide_type == "skip":
        return [cell]
    result = deepcopy(cell)
    result.id = f"{cell.id}-result"
    result.metadata.transient = {"remove_source": True}
    result.metadata.slideshow.slide_type = "fragment"
    cell.outputs = []
    return [cell, result]


def _copy(source: Path, target: Path) -> None:
    for part in (*PARTS, PLUGIN):
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        elif (source / part).exists():
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / part, target / part)
