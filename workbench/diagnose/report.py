"""One diagnosis: what was read, the approaches, the findings, the own column and the moves."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.compare import results
from workbench.compare.answers import Comparison
from workbench.diagnose import findings as known
from workbench.diagnose.approach import Approach, Facts, approaches
from workbench.diagnose.code import Code, findings
from workbench.diagnose.column import Row, column
from workbench.diagnose.findings import Finding
from workbench.diagnose.moves import Move, moves


@dataclass(frozen=True)
class Report:
    """A diagnosis in words. ignored: how many findings the project's pyproject.toml ignores."""

    read: dict[str, Any]
    approaches: list[Approach]
    findings: list[Finding]
    ignored: int
    column: list[Row]
    moves: list[Move]
    notes: list[str]
    comparison: Comparison

    def sources(self) -> Iterator[tuple[str, str]]:
        """Yield what was read: a word for it, and what it was."""
        read, database = self.read, self.read["database"]
        yield "folder", read["folder"]
        yield "settings", read["settings"]
        yield "Python", f"{read['python']} ({read['interpreter']})"
        yield "Django", read["django"]
        if database:
            where = f"{database['host']}:{database['port']} as {database['user']}"
            yield "database", f"{database['dbname']} at {where} ({database['alias']})"
            major, minor = divmod(database["server_version"], 10_000)
            yield "PostgreSQL", f"{major}.{minor}, through {read['driver']}"
        else:
            yield "database", "none was read"

    def as_json(self) -> dict[str, Any]:
        """Return the report as `--json` prints it."""
        return {
            "read": self.read,
            "approaches": [asdict(it) for it in self.approaches],
            "findings": [asdict(it) for it in self.findings],
            "ignored": self.ignored,
            "column": [
                {"id": it.id, "question": it.question, "answer": it.text(self.comparison)}
                for it in self.column
            ],
            "moves": [asdict(it) for it in self.moves],
            "notes": self.notes,
        }


def report(found: dict[str, Any]) -> Report:
    """Return the report of what diagnose.py has read.

    Raises WorkbenchError if the project's pyproject.toml ignores a finding that does not exist.
    """
    facts = Facts(found["facts"], found["read"])
    django = results.series({"Django": found["read"]["django"]})
    comparison = results.load(django if django in results.recorded_djangos() else None)
    code = Code(found)
    everything = known.findings([*found["findings"], *findings(code)], code.expects_no_row)
    names = known.ignored(Path(found["read"]["folder"]))
    kept = list(known.kept(everything, names))
    return Report(
        read=found["read"],
        approaches=list(approaches(facts)),
        findings=kept,
        ignored=len(everything) - len(kept),
        column=column(facts, comparison),
        moves=list(moves(facts, code, everything)),
        notes=found["notes"],
        comparison=comparison,
    )
