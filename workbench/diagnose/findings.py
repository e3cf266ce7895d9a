"""What diagnose.py found, in words: titles, reasons, fixes, and which findings are ignored."""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError

CATALOG: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("findings.toml").read_text(encoding="utf-8")
)
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Finding:
    """One finding in words.

    id: the check, stable between versions. subject: the table, column, model or function.
    query: the SQL that found it, or "". sql: the statements that repair it, or "".
    question: the id of the measured question that shows the effect.
    """

    id: str
    subject: str
    severity: str
    title: str
    why: str
    fix: str
    sql: str
    query: str
    question: str
    places: tuple[Place, ...]

    @property
    def key(self) -> str:
        """What stands in pyproject.toml to ignore this one finding."""
        return f"{self.id}:{self.subject}"


def findings(
    found: Iterable[dict[str, Any]], expects_no_row: Callable[[str], list[dict[str, Any]]]
) -> list[Finding]:
    """Return what was found in words, the most severe first, each once.

    expects_no_row: returns where the code creates a row of a model on demand, or handles its
    absence. A user without such a row is then no fault.
    """
    told: dict[str, Finding] = {}
    for it in found:
        alone = it["id"] == "users_without_profile" and not it["creator"]
        if places := expects_no_row(it["subject"])[:1] if alone else []:
            it = it | {"id": "missing_profiles_are_expected", "places": it["places"] + places}
        finding = _told(it)
        told.setdefault(finding.key, finding)
    return sorted(told.values(), key=lambda it: SEVERITIES.index(it.severity))


def _told(found: dict[str, Any]) -> Finding:
    entry = CATALOG[found["id"]]
    said = {key: entry.get(key, "").strip().format(**found) for key in ("title", "why", "fix")}
    # the name of an index may be empty
    sql = " ".join(entry.get("sql", "").format(**found).replace("\n", "\0").split(" "))
    return Finding(
        id=found["id"],
        subject=found["subject"],
        severity=found.get("severity", entry["severity"]),
        sql="\n".join(" ".join(line.split()) for line in sql.split("\0") if line.strip()),
        query=found.get("query", ""),
        question=entry["question"],
        places=tuple(Place(it["file"], it["line"]) for it in found["places"]),
        **said,
    )


def ignored(folder: Path) -> list[str]:
    """Return the findings that the project's pyproject.toml ignores.

        [tool.workbench.diagnose]
        ignore = ["receiver_ignores_raw", "index_missing:shop_order: user_id"]

    Each entry is an id, or an id and a subject. Raises WorkbenchError if the file cannot be read
    or an id does not exist.
    """
    path = folder / "pyproject.toml"
    if not path.exists():
        return []
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"{path} cannot be read ({error}): correct it.") from error
    names = tool.get("workbench", {}).get("diagnose", {}).get("ignore", [])
    if not isinstance(names, list) or not all(isinstance(it, str) for it in names):
        raise WorkbenchError(f"`ignore` in {path} must be a list of texts.")
    for name in names:
        if name.partition(":")[0] not in CATALOG:
            raise WorkbenchError(
                f"{path} ignores {name}, which is no finding: the ids are {', '.join(CATALOG)}."
            )
    return names


def kept(found: Iterable[Finding], names: Iterable[str]) -> Iterator[Finding]:
    """Yield the findings whose id or key is not among the names."""
    names = set(names)
    return (it for it in found if not {it.id, it.key} & names)
