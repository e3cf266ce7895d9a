"""What the search knows: a document for each question and for each page of the site."""

import re
from collections.abc import Iterator
from typing import Any

from suite.compare import CANNOT
from workbench.compare import results
from workbench.compare.answers import Question, in_line
from workbench.move.moves import all_moves
from workbench.paths import PROJECT
from workbench.variants import VARIANTS

DOCS = PROJECT / "docs"
# pages whose text the search has otherwise, or that would answer every search
LEFT_OUT = ("compare/index.md", "errors.md", "developers/", "decisions/")

# An error as Python, Django's checks or PostgreSQL print it.
ERROR = re.compile(r"^[\w.]*[A-Z]\w+: |\([a-z_]+\.[EW]\d{3}\)")

Document = dict[str, Any]


def documents() -> list[Document]:
    """Return a document for each question, page and move, as docs/assets/search/engine.js reads it.

    Each has id, kind ("question" or "page"), title and address (below the site's root), and some of
    keywords, so_what, answers, errors and text, the last two as lists of lines.
    Raises WorkbenchError if results/ cannot be read.
    """
    return [*map(of_question, all_questions()), *pages(), *map(of_move, all_moves())]


def all_questions() -> list[Question]:
    """Return the questions of all recorded versions of Django, those of the main one first."""
    found: dict[str, Question] = {}
    for django in results.recorded_djangos():
        for question in results.load(django)["questions"]:
            found.setdefault(question["id"], question)
    return list(found.values())


def of_question(question: Question) -> Document:
    """Return the document of a question."""
    answers = dict.fromkeys(in_line(question["answers"][name]) for name in VARIANTS)
    return {
        "id": question["id"],
        "kind": "question",
        "title": question["question"],
        "address": f"compare/{question['module']}/#{question['id']}",
        "keywords": question["id"].replace("_", " "),
        "so_what": question["so_what"],
        "answers": "; ".join(answers),
        "errors": list(dict.fromkeys(errors_of(question))),
        "weight": 1.2 if question["top"] else 0.7 if question["module"] == "article" else 1,
    }


def errors_of(question: Question) -> Iterator[str]:
    """Yield the errors in the evidence, but for those that only prove what is not possible."""
    for variant, kept in question["evidence"].items():
        if question["answers"][variant] != CANNOT:
            yield from (line for kind, text in kept for line in lines_of_error(kind, text))


def lines_of_error(kind: str, text: str) -> Iterator[str]:
    """Yield the error that a piece of evidence holds: all of it, or a line for each check."""
    if kind == "error":
        yield " ".join(text.split())
    elif kind in ("saw", "ran"):
        yield from (line.strip() for line in text.splitlines() if ERROR.search(line.strip()))


def pages() -> Iterator[Document]:
    """Yield a document for each page in docs/."""
    for path in sorted(DOCS.rglob("*.md")):
        page = path.relative_to(DOCS).as_posix()
        if not page.startswith(LEFT_OUT):
            yield of_page(page, path.read_text(encoding="utf-8"))


def of_page(page: str, source: str) -> Document:
    """Return the document of a page, from its Markdown.

    Its `description` and `keywords`, at its head, are searched too.
    """
    head, body = split(source)
    name = page.removesuffix(".md").removesuffix("/index")
    prose = re.sub(r"```.*?```|\[%.*?%\]|\[\[.*?\]\]|\{[^}\n]*\}", " ", body, flags=re.DOTALL)
    prose = re.sub(r"\]\([^)]*\)|<[^>]+>|[*`\[]|\\(?=_)", "", prose)
    lines = [" ".join(part.split()) for part in re.split(r"\n\s*\n|\n(?=#|- )", prose)]
    headings = [line.lstrip("# ") for line in lines if line.startswith("#")]
    return {
        "id": "home" if name == "index" else name,
        "kind": "page",
        "title": headings[0] if headings else head.get("title", name),
        "address": "" if name == "index" else f"{name}/",
        "keywords": "; ".join([head.get("keywords", ""), *headings[1:]]),
        "so_what": head.get("description", ""),
        "text": [line for line in lines if line and not line.startswith("#")],
    }


def split(source: str) -> tuple[dict[str, str], str]:
    """Return what stands at the head of a page, {name: value}, and the rest."""
    found = re.match(r"---\n(.*?)\n---\n", source, re.DOTALL)
    if not found:
        return {}, source
    pairs = re.findall(r'^(\w+): *"?(.*?)"?$', found[1], re.MULTILINE)
    return dict(pairs), source[found.end() :]


def of_move(move: Any) -> Document:
    """Return the document of a move's page."""
    return {
        "id": f"moves/{move.name}",
        "kind": "page",
        "title": f"Move from {move.source} to {move.target}",
        "address": f"moves/{move.name}/",
        "keywords": "move switch migrate existing users",
        "text": [f"Kept: {move.kept}.", f"In the archive: {move.waits}."],
    }
