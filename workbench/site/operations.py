"""What the operations of the roster and the pages ask of PostgreSQL, as Markdown by variant."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus

from suite.evidence import TRANSACTION
from workbench.compare.answers import known
from workbench.schema.sql import WIDTH, pretty
from workbench.site.html import fenced, indented, part
from workbench.site.snapshots import Call, Operation, Scene, Snapshots, Statement


def operation(name: str, snapshots: Snapshots) -> dict[str, str]:
    """What a call of the roster gives in each variant, and what it asks; raises WorkbenchError."""
    found = {variant: its["operations"] for variant, its in snapshots["variants"].items()}
    return {
        variant: "\n\n".join(_operation(its[known(name, its, "operation")]))
        for variant, its in found.items()
    }


def scene(name: str, snapshots: Snapshots) -> dict[str, str]:
    """What one request to each variant's pages asks; raises WorkbenchError."""
    found = {variant: its["scenes"] for variant, its in snapshots["variants"].items()}
    return {
        variant: "\n\n".join(_scene(its[known(name, its, "scene")]))
        for variant, its in found.items()
    }


def table(snapshots: Snapshots) -> str:
    """How many statements each operation takes in each variant, as HTML."""
    variants = snapshots["variants"]
    rows = [
        (name, {variant: its["operations"][name] for variant, its in variants.items()})
        for name in next(iter(variants.values()))["operations"]
    ]
    return part("statements_table", rows, in_short)


def in_short(called: Operation) -> str:
    """How many statements an operation takes, or that it cannot be done."""
    if called["error"] is None:
        return str(number(called["statements"]))
    if called["instead"] is None:
        return "not possible"
    return f"not possible; {number(called['instead']['statements'])} without extra fields"


def number(statements: Iterable[Statement]) -> int:
    """How many statements there are; BEGIN and COMMIT only carry the others."""
    return sum(not TRANSACTION.match(its["sql"]) for its in statements)


def _operation(called: Operation) -> Iterator[str]:
    yield from _call(called)
    if called["instead"]:
        yield "Without the extras:"
        yield from _call(called["instead"])


def _call(called: Call) -> Iterator[str]:
    first, *rest = called["call"].splitlines()
    typed = [f">>> {first}", *(f"... {line}" for line in rest)]
    came = textwrap.fill(called["error"], WIDTH) if called["error"] else str(called["result"])
    yield fenced("pycon", "\n".join([*typed, came]))
    if called["error"] is None:
        yield from _ran(called["statements"])


def _scene(visit: Scene) -> Iterator[str]:
    status = HTTPStatus(visit["status"])
    yield f"`{visit['request']}`, answered by `{status.value} {status.phrase}`."
    yield from _ran(visit["statements"])


def _ran(statements: Sequence[Statement]) -> Iterator[str]:
    begun = sum(its["sql"] == "BEGIN" for its in statements)
    transactions = f" and {_plural(begun, 'transaction')}" if begun else ""
    yield f"**{_plural(number(statements), 'statement')}**{transactions}:"
    for run in _transactions(statements):
        yield _statement(run[0]) if len(run) == 1 else _transaction(run)


def _transaction(run: Sequence[Statement]) -> str:
    """A block of Markdown, as HTML around Markdown is not understood inside a tab."""
    begin, *inside, end = run
    blocks = [*map(_statement, inside), f"`{end['sql']}`{{ .end }}"]
    return indented(f'!!! transaction "{begin["sql"]}"', "\n\n".join(blocks))


def _transactions(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The statements in runs: from BEGIN to the end of its transaction, or one alone."""
    run: list[Statement] = []
    for its in statements:
        run.append(its)
        if run[0]["sql"] != "BEGIN" or its["sql"] in ("COMMIT", "ROLLBACK"):
            yield run
            run = []


def _statement(its: Statement) -> str:
    block = fenced("sql", f"{pretty(its['sql'])};")
    if its["plan"] is None:
        return block
    return block + "\n\n" + indented('??? plan "Plan"', fenced("text", its["plan"]))


def _plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
