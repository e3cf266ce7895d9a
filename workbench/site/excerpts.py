"""Excerpts of the project's files, found by name: what a page shows is what the tests run.

Python is found by the name of a function, a class, a method ("Class.method") or a variable;
Markdown is found by its heading. Files are only read, never imported.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator
from copy import copy
from functools import cached_property
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.paths import PROJECT


class Source:
    """A Python file and what it defines. Raises WorkbenchError if there is no such file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = text(path)
        self._lines = self.text.splitlines()

    @cached_property
    def _body(self) -> list[ast.stmt]:
        return ast.parse(self.text).body

    @property
    def names(self) -> list[str]:
        """List the functions, classes and variables at the top level, in their order."""
        return list(_defined(self._body))

    def has(self, name: str) -> bool:
        """Return whether the file defines the name."""
        try:
            return bool(self._find(name))
        except WorkbenchError:
            return False

    def excerpt(self, *names: str) -> str:
        """Return the parts with these names, in the order of the file; without a name, all of it.

        The file's imports, functions and variables that the parts use come along. Its classes do
        not: name those that are to be shown. Raises WorkbenchError for an unknown name.
        """
        if not names:
            return self.text
        parts = [node for name in names for node in self._find(name)]
        own = _defined(self._body)
        used: set[str] = set()
        for part in parts:  # grows while it is read
            more = _used(self._code(part))
            used |= more
            helpers = [node for name in more for node in own.get(name, ())]
            parts += [
                its for its in helpers if not isinstance(its, ast.ClassDef) and its not in parts
            ]
        parts = sorted(set(parts), key=lambda part: part.lineno)
        return self._joined([*self._imports(used), *parts])

    def _find(self, name: str) -> list[ast.stmt]:
        found, body, place = [], self._body, "it"
        for step in name.split("."):
            defined = _defined(body)
            if step not in defined:
                has = f"{place} has {', '.join(defined)}"
                raise WorkbenchError(f"{_short(self.path)} has no {name!r}: {has}.")
            found, place = defined[step], step
            body = [one for node in found if isinstance(node, ast.ClassDef) for one in node.body]
        return found

    def _imports(self, used: set[str]) -> Iterator[ast.stmt]:
        """Yield the imports of the used names; if one imports more, yield a copy without it."""
        for node in self._body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [its for its in node.names if _bound(its) in used]
                if names == node.names:
                    yield node
                elif names:
                    fewer = copy(node)
                    fewer.names = names
                    yield fewer

    def _joined(self, parts: Iterable[ast.stmt]) -> str:
        """Join the code of the parts, with blank lines between them as in the file."""
        pieces, before = [], None
        for part in parts:
            if before is not None:
                pieces.append("\n" * (1 + self._blank_lines(before, part)))
            pieces.append(self._code(part))
            before = part
        return "".join(pieces)

    def _blank_lines(self, before: ast.stmt, part: ast.stmt) -> int:
        if not (_is_plain(before) and _is_plain(part)):
            return 2
        assert before.end_lineno
        between = self._lines[before.end_lineno : self._first_line(part)]
        return min(1, sum(not line.strip() for line in between))

    def _code(self, node: ast.stmt) -> str:
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in self._body:
            return ast.unparse(node)
        indent = " " * node.col_offset
        lines = self._lines[self._first_line(node) : node.end_lineno]
        return "\n".join(line.removeprefix(indent) for line in lines)

    def _first_line(self, node: ast.stmt) -> int:
        """Return the index of its first line: of the comment above it, or its first decorator."""
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(its.lineno for its in decorators)]) - 1
        comment = " " * node.col_offset + "#"
        while first and self._lines[first - 1].startswith(comment):
            first -= 1
        return first


def section(path: Path, heading: str) -> str:
    """Return the part of a Markdown file below a heading, with it.

    Raises WorkbenchError if there is no such file or heading.
    """
    lines = text(path).splitlines()
    found = list(_headings(lines))
    for number, (first, level, title) in enumerate(found):
        if title == heading:
            ends = (line for line, its, _ in found[number + 1 :] if its <= level)
            return "\n".join(lines[first : next(ends, len(lines))]).strip()
    titles = ", ".join(repr(title) for *_, title in found)
    raise WorkbenchError(f"{_short(path)} has no heading {heading!r}: it has {titles}.")


def text(path: Path) -> str:
    """Return the whole text of a file. Raises WorkbenchError if there is no such file."""
    if not path.is_file():
        raise WorkbenchError(f"There is no file {_short(path)}.")
    return path.read_text(encoding="utf-8").strip()


def _short(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT) else str(path)


def _defined(body: Iterable[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Map each name to the statements that define it: a property and its setter share one."""
    found: dict[str, list[ast.stmt]] = {}
    for node in body:
        for name in _names(node):
            found.setdefault(name, []).append(node)
    return found


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign(targets=targets):
            pass
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            targets = [target]
        case _:
            return []
    every = (its for target in targets for its in ast.walk(target))
    return [its.id for its in every if isinstance(its, ast.Name) and isinstance(its.ctx, ast.Store)]


def _is_plain(node: ast.stmt) -> bool:
    return not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _used(code: str) -> set[str]:
    """Return the global names that the code reads."""
    tables = [symtable.symtable(code, "", "exec")]
    for table in tables:
        tables += table.get_children()
    return {
        its.get_name()
        for table in tables
        for its in table.get_symbols()
        if its.is_global() and its.is_referenced()
    }


def _headings(lines: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the index, level and title of each heading, which no code block has."""
    in_code = False
    for number, line in enumerate(lines):
        in_code ^= line.startswith("```")
        marks, _, title = line.partition(" ")
        if not in_code and marks and not marks.strip("#"):
            yield number, len(marks), title.strip()
