"""What the search knows: a document for each question and for each page of the site."""

import re
from collections.abc import Iterator
from typing import Any

from suite.compare import CANNOT
from workbench.compare import results
from workbench.compare.answers import Question, in_line
from workbench.errors import WorkbenchError
from workbench.move import report
from workbench.move.moves import Move, all_moves
from workbench.paths import PROJECT
from workbench.variants import VARIANTS

DOCS = PROJECT / "docs"
# pages whose text the search has otherwise, or that would answer every search
LEFT_OUT = ("compare/index.md", "errors.md", "developers/", "decisions/")

# Pages that answer a question of a class, or of the article, rather than of a reader's project.
WEIGHTS = {"instructors": 0.6, "article": 0.7, "recipes/": 1.3}

# What people call the approaches.
ALSO = {
    "proxy_model": "auth.User",
    "profile_onetoone": "OneToOneField",
    "custom_user": "AbstractUser",
    "foreignkey": "ForeignKey",
}

INCLUDE = re.compile(r'\[\[ include\("([^"]+\.md)"\) \]\]')

# An error as Python, Django's checks or PostgreSQL print it.
ERROR = re.compile(r"^[\w.]*[A-Z]\w+: |\([a-z_]+\.[EW]\d{3}\)")

Document = dict[str, Any]


def documents() -> list[Document]:
    """Return a document for each question, page and move, as docs/assets/search/engine.js reads it.

    Each has id, kind ("question" or "page"), title, address (below the site's root) and weight,
    and some of keywords, so_what, answers, errors, proofs and text. keywords are phrases, with
    semicolons between them. errors, proofs and text are lists of lines. Raises WorkbenchError if
    results/ or a file that a page includes cannot be read.
    """
    moves = ((move, name) for move in all_moves() for name in report.names_of(move))
    return [*map(of_question, all_questions()), *pages(), *(of_move(*its) for its in moves)]


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
        "errors": list(dict.fromkeys(errors_of(question, proofs=False))),
        "proofs": list(dict.fromkeys(errors_of(question, proofs=True))),
        "weight": 1.3 if question["top"] else 0.7 if question["module"] == "article" else 1,
    }


def errors_of(question: Question, *, proofs: bool) -> Iterator[str]:
    """Yield the errors in the evidence: those that prove what is not possible, or the others."""
    for variant, kept in question["evidence"].items():
        if (question["answers"][variant] == CANNOT) == proofs:
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

    Its `description` and `keywords`, at its head, are searched too. The text is that of the page
    and of the Markdown files that it includes.
    """
    head, body = split(source)
    name = page.removesuffix(".md").removesuffix("/index")
    title, headings, lines = read(INCLUDE.sub(lambda found: markdown(found[1]), body))
    called = head.get("title", name)
    phrases = [called, *head.get("keywords", "").split(", "), *headings]
    return {
        "id": "home" if name == "index" else name,
        "kind": "page",
        "title": f"Tutorial, {title}" if name.startswith("tutorial/") else title or called,
        "address": "" if name == "index" else f"{name}/",
        "keywords": "; ".join(filter(None, phrases)),
        "so_what": head.get("description", ""),
        "text": lines,
        "weight": next((weight for start, weight in WEIGHTS.items() if name.startswith(start)), 1),
    }


def read(body: str) -> tuple[str, list[str], list[str]]:
    """Return the title of a Markdown text, its other headings, and its paragraphs and items."""
    prose = re.sub(r"```.*?```|\[%.*?%\]|\[\[.*?\]\]|\{[^}\n]*\}", " ", body, flags=re.DOTALL)
    prose = re.sub(r"\]\([^)]*\)|<[^>]+>|[*`\[]|\\(?=_)", "", prose)
    lines = [" ".join(part.split()) for part in re.split(r"\n\s*\n|\n(?=#|- )", prose)]
    title, *headings = [line.lstrip("# ") for line in lines if line.startswith("#")] or [""]
    return title, headings, [line for line in lines if line and not line.startswith("#")]


def markdown(path: str) -> str:
    """Return the text of a file of the project."""
    try:
        return (PROJECT / path).read_text(encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read: {error.strerror}.") from error


def split(source: str) -> tuple[dict[str, str], str]:
    """Return what stands at the head of a page, {name: value}, and the rest."""
    found = re.match(r"---\n(.*?)\n---\n", source, re.DOTALL)
    if not found:
        return {}, source
    pairs = re.findall(r'^(\w+): *"?(.*?)"?$', found[1], re.MULTILINE)
    return dict(pairs), source[found.end() :]


def of_move(move: Move, name: str) -> Document:
    """Return the document of the page of a move, or of the same move in stages."""
    title, _, lines = read(markdown(f"moves/{name}/README.md"))
    phrases = ["move switch migrate existing users", f"{ALSO[move.source]} to {ALSO[move.target]}"]
    if name != move.name:
        phrases.append("zero downtime")
    return {
        "id": f"moves/{name}",
        "kind": "page",
        "title": title.replace("From", "Move from", 1),
        "address": f"moves/{name}/",
        "keywords": "; ".join(phrases),
        "so_what": lines[0].removeprefix("When you would want this. "),
        "text": [f"Kept: {move.kept}.", f"In the archive: {move.waits}."],
        "weight": 1,
    }
