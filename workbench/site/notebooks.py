"""The notebooks on the site: a page for each as it ran, the file to download, and the slides."""

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from workbench import files
from workbench.notebook import run, slides
from workbench.site.html import fenced, indented

HERE = Path(__file__).parent
ANSI = re.compile(r"\x1b\[[\d;]*m")
BOOK = re.compile(r"`(\d_\w+)\.ipynb`")
EVIDENCE = re.compile(r'<code data-area="(\w+)">(\w+)</code>')
TIME = re.compile(r"\*\*Time:\*\* ([^.]*)")
NEW_SLIDE = ("slide", "subslide", "notes")


def write(into: Path) -> None:
    """Write the pages, the notebooks and the slides below into/notebooks/.

    The notebooks are run first if something has changed since. Raises WorkbenchError if a cell
    does not end as it should.
    """
    folder = into / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    found = run.executed()
    shutil.copytree(slides.write()[0].parent, folder / "slides", dirs_exist_ok=True)
    for name, notebook in found.items():
        shutil.copy(run.FOLDER / f"{name}.ipynb", folder)
        (folder / f"{name}.md").write_text(page(name, notebook, folder), encoding="utf-8")
    (folder / "index.md").write_text(index(found), encoding="utf-8")


def index(notebooks: dict[str, NotebookNode]) -> str:
    """The page that lists them: of each what it asks, and its time."""
    template = files.template(HERE / "notebooks.md")
    books = [_about(name, its) for name, its in notebooks.items()]
    return str(template.render(books=books))


def page(name: str, notebook: NotebookNode, folder: Path) -> str:
    """A notebook as Markdown; its pictures are written into the folder."""
    title, *cells = _cells(notebook, folder)
    head, _, rest = title.partition("\n")
    links = f"[The notebook]({name}.ipynb){{ download }} · [its slides](slides/{name}.html)"
    meta = "---\nsearch:\n  boost: 0.5\n---"
    return "\n\n".join([meta, head, links, rest.strip(), *cells]) + "\n"


def _cells(notebook: NotebookNode, folder: Path) -> Iterator[str]:
    """Yield each cell as Markdown.

    After a prediction only the first code is shown. What follows on its slide would give the
    answer away and is folded.
    """
    folded: list[str] | None = None
    predicting = False
    for cell in notebook.cells:
        if folded and cell.metadata.slideshow.slide_type in NEW_SLIDE:
            yield indented('??? question "Result"', "\n\n".join(folded))
            folded = None
        shown, result = _cell(cell, folder)
        if folded:
            folded += [shown, result]
        elif predicting:
            yield shown
            folded = [result]
        else:
            yield f"{shown}\n\n{result}".strip()
        predicting = _is(cell, "predict")


def _cell(cell: NotebookNode, folder: Path) -> tuple[str, str]:
    """What a cell shows, and what came of it."""
    if _is(cell, "instructor"):
        return indented('??? note "For instructors"', run.note(cell)), ""
    if cell.cell_type == "markdown":
        return BOOK.sub(r"[\1](\1.md)", str(cell.source)), ""
    code = fenced("python", cell.source)
    outputs = "\n\n".join(_output(output, cell.id, folder) for output in cell.outputs)
    if _is(cell, "solution"):
        return indented('??? success "A solution"', f"{code}\n\n{outputs}"), ""
    return code, outputs


def _output(output: NotebookNode, cell: str, folder: Path) -> str:
    """An output in the richest form that a page can show."""
    if output.output_type == "stream":
        return fenced("text", output.text)
    if output.output_type == "error":
        return fenced("text", ANSI.sub("", "\n".join(output.traceback)))
    if png := output.data.get("image/png"):
        (folder / f"{cell}.png").write_bytes(base64.b64decode(png))
        return f"![{output.metadata['image/png']['alt']}]({cell}.png)"
    if table := output.data.get("text/html"):
        return EVIDENCE.sub(r'<a href="../../compare/\1/#\2">\2</a>', table)
    return str(output.data.get("text/markdown") or fenced("text", output.data["text/plain"]))


def _is(cell: NotebookNode, tag: str) -> bool:
    return tag in run.tags(cell)


def _about(name: str, notebook: NotebookNode) -> dict[str, str]:
    title, about, *_ = str(notebook.cells[0].source).split("\n\n")
    found = TIME.search("\n".join(str(cell.source) for cell in notebook.cells))
    return {
        "name": name,
        "title": title.removeprefix("# "),
        "about": about.replace("\n", " "),
        "time": found[1] if found else "",
    }
