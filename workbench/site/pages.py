"""Rendering docs/ into build/docs/, where mkdocs reads it."""

import shutil
from pathlib import Path

import jinja2

from workbench.compare.answers import Comparison
from workbench.errors import WorkbenchError
from workbench.move import report
from workbench.move.moves import all_moves
from workbench.paths import PROJECT
from workbench.site import macros
from workbench.site.macros import Macros
from workbench.site.snapshots import Snapshots

SOURCE = PROJECT / "docs"
RENDERED = PROJECT / "build" / "docs"
AREA = Path(__file__).parent / "area.md"
MOVE = Path(__file__).parent / "move.md"
STAGED = Path(__file__).parent / "staged.md"


def render(measured: Comparison, found: Snapshots) -> None:
    """Fill build/docs/ anew: the pages rendered, all else copied, a page for each area and move.

    Raises WorkbenchError, naming the page, when a page asks for what there is not.
    """
    shutil.rmtree(RENDERED, ignore_errors=True)
    for path in sorted(SOURCE.rglob("*")):
        page = path.relative_to(SOURCE).as_posix()
        if path.is_dir():
            continue
        if path.suffix == ".md":
            write(page, filled(path.read_text(encoding="utf-8"), page, measured, found))
        else:
            (RENDERED / page).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, RENDERED / page)
    template = AREA.read_text(encoding="utf-8")
    for area in Macros(measured, found, "").areas():
        page = f"compare/{area['module']}.md"
        write(page, filled(template, page, measured, found, area=area))
    template, ran = MOVE.read_text(encoding="utf-8"), report.read()
    for move in all_moves():
        page = f"moves/{move.name}.md"
        its = ran.get(move.name)
        ride = its.rides[0] if its else None
        statements = report.changing(ride.statements) if ride else []
        more = {"move": move, "report": its, "ride": ride, "statements": statements}
        write(page, filled(template, page, measured, found, **more))
    template = STAGED.read_text(encoding="utf-8")
    for move in all_moves():
        if move.stages:
            page = f"moves/{move.staged_name}.md"
            more = {"move": move, "report": ran.get(move.staged_name)}
            write(page, filled(template, page, measured, found, **more))


def filled(text: str, page: str, measured: Comparison, found: Snapshots, **more: object) -> str:
    """The page's text with the macros carried out; raises WorkbenchError, naming the page."""
    environment = jinja2.Environment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["escaped"] = macros.escaped
    environment.globals.update(macros.public(Macros(measured, found, page)), **more)
    try:
        return environment.from_string(text).render()
    except jinja2.TemplateError as error:
        line = f", line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise WorkbenchError(f"docs/{page}{line}: {error}.") from error
    except KeyError as error:
        raise WorkbenchError(f"docs/{page}: there is no {error}.") from error
    except WorkbenchError as error:
        raise WorkbenchError(f"docs/{page}: {error}") from error


def write(page: str, text: str) -> None:
    """Write a page below build/docs/."""
    path = RENDERED / page
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
