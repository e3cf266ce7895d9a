"""SQL as one reads it: a clause a line, a subquery indented, no line wider than a page."""

import re
from collections.abc import Iterable

WIDTH = 76
STEP = "  "
# a word ends at a blank outside of quotes
WORD = re.compile(r"""(?:'(?:[^']|'')*'|"[^"]*"|[^\s'"])+""")
QUOTED = re.compile(r"""'(?:[^']|'')*'|"[^"]*\"""")
CLAUSES = re.compile(r"FROM|WHERE|SET|VALUES|RETURNING|LIMIT|INNER|LEFT|ORDER|GROUP|FOR|SELECT")
LEADING = re.compile(r"ADD|AND|OR|ON|UNIQUE|FOREIGN|REFERENCES|DEFERRABLE")
# these belong to the word before them: DELETE FROM, DO UPDATE SET
JOINED = {("DELETE", "FROM"), ("UPDATE", "SET"), ("DISTINCT", "FROM")}


def pretty(statement: str) -> str:
    """One statement in lines; nothing but white space is changed."""
    if statement.startswith("CREATE TABLE"):
        return _table(statement)
    lines: list[tuple[int, list[str]]] = [(0, [])]
    # for each parenthesis that is open: whether it holds a subquery
    open_: list[bool] = []
    before = ""
    for word, after in _with_next(WORD.findall(statement)):
        subquery = word.startswith("(SELECT")
        clause = bool(CLAUSES.fullmatch(word)) or (word, after[:8]) == ("ON", "CONFLICT")
        if subquery or (clause and all(open_) and (before, word) not in JOINED):
            lines.append((sum(open_) + subquery, []))
        lines[-1][1].append(word)
        for bracket in re.findall(r"[()]", QUOTED.sub("", word)):
            open_ = [*open_, subquery] if bracket == "(" else open_[:-1]
            subquery = False
        before = word
    return "\n".join(_filled(depth, words) for depth, words in lines if words)


def _with_next(words: list[str]) -> Iterable[tuple[str, str]]:
    return zip(words, [*words[1:], ""], strict=True)


def _filled(depth: int, words: list[str]) -> str:
    """The words of a clause, broken where the line is full."""
    first, *rest = _units(words)
    lines = [STEP * depth + first]
    for unit in rest:
        if len(lines[-1]) + 1 + len(unit) <= WIDTH:
            lines[-1] += f" {unit}"
        else:
            lines.append(STEP * (depth + 1) + unit)
    return "\n".join(lines)


def _units(words: list[str]) -> list[str]:
    """What stays on one line: up to a comma, or to the next condition."""
    units = [words[0]]
    for word in words[1:]:
        begins = LEADING.fullmatch(word) and not units[-1].endswith("DISTINCT")
        if begins or units[-1].endswith(","):
            units.append(word)
        else:
            units[-1] += f" {word}"
    return units


def _table(statement: str) -> str:
    """A line for each column of a new table."""
    head, _, body = statement.partition(" (")
    inside, end = body.rsplit(")", 1)
    columns = re.split(r", (?![^(]*\))", inside)
    return f"{head} (\n{STEP}" + f",\n{STEP}".join(columns) + f"\n){end}"
