"""Rendering docs/ into build/docs/, where mkdocs reads it."""

import posixpath
import re
import shutil
from pathlib import Path

import jinja2

from workbench import files
from workbench.compare.answers import Comparison
from workbench.errors import WorkbenchError
from workbench.move import report
from workbench.move.moves import all_moves
from workbench.paths import PROJECT
from workbench.site import macros
from workbench.site.macros import Macros
from workbench.site.snapshots import Snapshots
from workbench.variants import VARIANTS

SOURCE = PROJECT / "docs"
RENDERED = PROJECT / "build" / "docs"
AREA = Path(__file__).parent / "area.md"
# the same in all variants; the tutorial offers them as downloads
STYLE_SHEETS = PROJECT / "variants" / VARIANTS[0] / "players" / "static" / "players"
MOVE = Path(__file__).parent / "move.md"
STAGED = Path(__file__).parent / "staged.md"
# the path of a file between backticks, but not in a block of code, a link or a heading
MENTIONED = re.compile(
    r"^ *```.*?^ *```$|^#.*?$|\[`|`(?!\.\.|\.venv/|build/)(?P<path>[\w.-]+(/[\w.-]+)+)`",
    re.MULTILINE | re.DOTALL,
)


def render(measured: Comparison, found: Snapshots) -> None:
    """Fill build/docs/ anew: the pages rendered, all else copied, a page for each area and move.

    Raises WorkbenchError, naming the page, when a page asks for what there is not.
    """

    def write(page: str, text: str, **more: object) -> None:
        files.write(RENDERED / page, opened(filled(text, page, measured, found, **more), page))

    shutil.rmtree(RENDERED, ignore_errors=True)
    shutil.copytree(SOURCE, RENDERED)
    shutil.copytree(STYLE_SHEETS, RENDERED / "assets" / "players")
    for path in SOURCE.rglob("*.md"):
        write(path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8"))
    for area in Macros(measured, found, "").areas():
        write(f"compare/{area['module']}.md", AREA.read_text(encoding="utf-8"), area=area)
    reports = report.read()
    for move in all_moves():
        for name in report.names_of(move):
            its = reports.get(name)
            template = MOVE if name == move.name else STAGED
            more = {
                "move": move,
                "report": its,
                "measured_on": report.measured_on({name: its} if its else {}),
            }
            write(f"moves/{name}.md", template.read_text(encoding="utf-8"), **more)


def opened(text: str, page: str) -> str:
    """The page's text, in which each file of the project that it mentions is a link to a copy."""

    def link(mention: re.Match[str]) -> str:
        path = mention["path"]
        if not path or not (PROJECT / path).is_file():
            return mention[0]
        # browsers show text, and download Python; mkdocs leaves hidden folders out
        copy = f"files/{path.lstrip('.')}.txt"
        files.write(RENDERED / copy, (PROJECT / path).read_text(encoding="utf-8"))
        return f"[{mention[0]}]({posixpath.relpath(copy, posixpath.dirname(page) or '.')})"

    return MENTIONED.sub(link, text)


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
