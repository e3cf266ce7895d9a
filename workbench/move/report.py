"""What a move did and what was checked: for the terminal, the site and results/moves.json."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from workbench import files, recorded
from workbench.errors import WorkbenchError
from workbench.move.moves import Move, all_moves
from workbench.recorded import Measured
from workbench.variants import VARIANTS

FILE = recorded.FOLDER / "moves.json"
# the command that records
COMMAND = "workbench move record"
# what every move runs, besides its own folder and two variants
SOURCES = (
    "moves/*.py",
    "moves/operations/*.py",
    "moves/world/**/*.py",
    "workbench/move/inside/*.py",
    "workbench/move/census.*",
    "workbench/move/project.py",
    "workbench/move/run.py",
    "workbench/move/staged.py",
    "workbench/move/verify.py",
    "workbench/move/watch.py",
)

# the stage that goes up to the last migration
THE_LAST = "the last"

# when it began (since the epoch), seconds, what was done, the error or ""
Act = tuple[float, float, str, str]
# a table, a mode of locks, seconds
Lock = tuple[str, str, float]


class Statement(TypedDict):
    """A statement of a migration; at: since the epoch, in seconds, as is how long it took."""

    sql: str
    at: float
    seconds: float


class Plan(TypedDict):
    """The migrations that are still to run: of the app players, and of other apps."""

    players: list[str]
    others: list[str]


class Told(TypedDict, total=False):
    """What came of the steps in a project's process, by their names (workbench.move.inside.steps).

    refused: the sentence with which Django or a move has refused to go on.
    """

    migrate: list[Statement]
    plan: Plan
    has_nothing_to_migrate: str
    logins: list[str]
    look_up: list[str]
    refused: str


class Wait(TypedDict):
    """How long a visitor waited, to do what; at: in seconds since the move began."""

    seconds: float
    what: str
    at: float


class Failure(TypedDict):
    """An error that a visitor met; at: in seconds since the move began."""

    at: float
    what: str
    error: str


class VisitSummary(TypedDict):
    """What a visitor met; until: the last act, in seconds since the move began.

    wrote: how many players. lost: what was written and is not there afterwards.
    """

    acts: int
    until: float
    longest: Wait
    errors: int
    first_error: Failure | None
    last_error: Failure | None
    wrote: int
    lost: list[str]


@dataclass
class Check:
    """One thing that was looked at; wrong says what is not as it should be."""

    name: str
    looked_at: str
    wrong: list[str]


@dataclass
class Ride:
    """One direction of a move: how long it took, and what it did to the tables.

    seconds: from the first statement to the last. sql: what PostgreSQL took of it; the rest is
    Django's, most of it to sign open sessions anew if the move changes their backend. floor: what
    PostgreSQL takes for as many rewrites and inserts alone (see workbench.move.watch). executed:
    how many statements. statements: those that change something, of the way forward. locks:
    longest first.
    """

    direction: str
    seconds: float
    sql: float
    executed: int
    statements: list[str]
    locks: list[Lock]
    rewritten: list[str]
    floor: float = 0.0
    checks: list[Check] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """All that is not as it should be."""
        return [f"{check.name}: {said}" for check in self.checks for said in check.wrong]


@dataclass
class Report:
    """A move, with its way back if that was asked for.

    probes: what visitors met while it ran once more on a copy, by the code that they used, "old"
    and "new". measured: when and where, if the report is recorded.
    """

    name: str
    players: int
    rule: str
    rides: list[Ride] = field(default_factory=list)
    probes: dict[str, VisitSummary] = field(default_factory=dict)
    measured: Measured | None = None

    @property
    def wrong(self) -> list[str]:
        """All that is not as it should be, in either direction."""
        return [f"{ride.direction}: {said}" for ride in self.rides for said in ride.wrong]


@dataclass
class Stage:
    """One `migrate` of a staged move, and what the visitors met meanwhile.

    began: since the epoch. locks: longest first. longest: for each code that ran, the longest that
    its visitors waited, in seconds.
    """

    to: str
    began: float
    seconds: float
    locks: list[Lock]
    longest: dict[str, float] = field(default_factory=dict)


@dataclass
class Staged(Report):
    """A staged move, there and back.

    idle: the longest that a visitor waited before it began. probes: what the visitors of each code
    met in all, on both ways.
    """

    idle: float = 0.0
    stages: list[Stage] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def there(self) -> list[Stage]:
        """The stages of the way there: up to the last migration."""
        return self.stages[: [stage.to for stage in self.stages].index(THE_LAST) + 1]

    @property
    def wrong(self) -> list[str]:
        """All that is not as it should be."""
        return [f"{check.name}: {said}" for check in self.checks for said in check.wrong]


def write(report: Report, file: Path = FILE) -> None:
    """Put the report among those of the other moves, in the place of an older one of its own."""
    known = read(file) | {report.name: report}
    files.write_json(file, {name: asdict(it) for name, it in known.items()})


def read(file: Path = FILE) -> dict[str, Report]:
    """Return the recorded reports by the moves' names; none if there is no such file.

    Raises WorkbenchError if an older version of the workbench has written other values.
    """
    try:
        known = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return {name: read_report(its) for name, its in known.items()}
    except (ValueError, TypeError, KeyError) as error:
        raise WorkbenchError(
            f"{file} is of another version: remove it, and run `{COMMAND}`."
        ) from error


def names_of(it: Move) -> list[str]:
    """Return the names of a move's reports: its own, and that of the staged way if there is one."""
    return [it.name, it.staged_name] if it.stages else [it.name]


def sources(it: Move, name: str) -> str:
    """Return the fingerprint of the code that runs the move, plain or staged by its name."""
    return recorded.fingerprint(
        f"moves/{name}/**/*.py",
        f"variants/{it.source}/**/*.py",
        f"variants/{it.target}/**/*.py",
        *SOURCES,
    )


def measured_now(it: Move, name: str, players: int, versions: dict[str, str]) -> Measured:
    """Return what is recorded beside a report that is made now."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": recorded.machine(),
        "versions": versions,
        "command": f"{COMMAND} --players {players}",
        "sources": sources(it, name),
    }


def is_recorded(told: Report | None, now: Measured) -> bool:
    """Return whether a move was recorded by the same command, code and versions as now."""
    return bool(
        told
        and told.measured
        and all(told.measured[key] == now[key] for key in ("command", "versions", "sources"))
    )


def measured_on(found: Mapping[str, Report]) -> list[str]:
    """Return when and where the reports were measured, and which are older than the code."""
    told = dict.fromkeys(
        f"{its.players:,} users: {recorded.provenance(its.measured)}"
        for its in found.values()
        if its.measured
    )
    known = [(it, name) for it in all_moves() for name in names_of(it) if name in found]
    old = [name for it, name in known if is_outdated(it, found[name])]
    late = f" for {len(old)} of {len(known)} moves" if len(old) < len(known) else ""
    return [
        *(f"Measured with {its}." for its in told),
        *([f"The code has changed since then{late}."] if old else []),
    ]


def is_outdated(it: Move, told: Report) -> bool:
    """Return whether the code has changed since the report was recorded."""
    return told.measured is None or told.measured["sources"] != sources(it, told.name)


HEADINGS = ("move", "seconds", "longest lock", "longest wait", "old code's errors", "lost writes")


NOT_RECORDED = "not recorded"


def figures(told: Report | None) -> list[str]:
    """Return what was measured of a move, in the order of HEADINGS without the first.

    The seconds are those from the first statement to the last, of a staged move those of its
    stages on the way there. The longest lock is the longest ACCESS EXCLUSIVE one, for which readers
    wait too; of a staged move first while visitors come, then in the step that may wait. Visitors
    measured the rest: the longest
    that one waited, how many errors those of the old code met, and how many of their writes were
    not there afterwards.
    """
    if told is None:
        return [NOT_RECORDED, *[""] * (len(HEADINGS) - 2)]
    stages = told.there if isinstance(told, Staged) else []
    seconds = sum(stage.seconds for stage in stages) or told.rides[0].seconds
    served = [stage for stage in stages if stage.longest]
    longest = f"{longest_lock(served or told.rides[:1]):.2f}"
    if served:
        longest += f" up to {served[-1].to}; {longest_lock(stages):.2f} in {stages[-1].to} step"
    visits, old = told.probes.values(), told.probes["old"]
    return [
        f"{seconds:.1f}",
        longest,
        f"{max(visit['longest']['seconds'] for visit in visits):.2f}",
        str(old["errors"]),
        str(sum(len(visit["lost"]) for visit in visits)),
    ]


def longest_lock(parts: Iterable[Ride | Stage]) -> float:
    """Return how long the longest ACCESS EXCLUSIVE lock was held, in seconds."""
    held = (lock for it in parts for lock in it.locks)
    return max((it[2] for it in held if it[1] == "AccessExclusiveLock"), default=0.0)


def read_report(its: dict[str, Any]) -> Report:
    """Return the report that was written as these values; raise TypeError if they are others."""
    its["rides"] = [
        Ride(**ride | {"checks": checks(ride), "locks": locks(ride)}) for ride in its["rides"]
    ]
    if "stages" not in its:
        return Report(**its)
    stages = [Stage(**stage | {"locks": locks(stage)}) for stage in its["stages"]]
    return Staged(**its | {"stages": stages, "checks": checks(its)})


def locks(its: dict[str, Any]) -> list[Lock]:
    """Return the locks among values that were written."""
    return [(table, mode, seconds) for table, mode, seconds in its["locks"]]


def checks(its: dict[str, Any]) -> list[Check]:
    """Return the checks among values that were written."""
    return [Check(**check) for check in its["checks"]]


READING = ("SELECT", "SET CONSTRAINTS", "ANALYZE", "SAVEPOINT", "RELEASE SAVEPOINT")
# a query that begins with WITH may write all the same
WRITING = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\b")


def changing(statements: list[Statement]) -> list[str]:
    """Return the statements that change something, without those of Django's own record.

    Those in a schema that is made for a comparison and rolled back are left out too.
    """
    found, aside = [], False
    for statement in statements:
        text = " ".join(statement["sql"].split()).rstrip(";")
        aside = aside or text.startswith("CREATE SCHEMA fresh_names")
        reads = text.startswith(READING) and "setval" not in text
        reads = reads or (text.startswith("WITH") and not WRITING.search(text))
        if not (aside or reads or "django_migrations" in text):
            found.append(text)
        aside = aside and not text.startswith("ROLLBACK TO SAVEPOINT")
    return found


THERE = "is there"


def kept(it: Move, told: Report) -> str:
    """What the target has a place for; the rest waits in the archive."""
    return it.kept


def rewritten(it: Move, told: Report) -> str:
    """Counted by the files that the tables lie in."""
    return str(len(told.rides[0].rewritten))


def old_code_goes_on(it: Move, told: Report) -> str:
    """Whether a visitor of the old code met no error, during the move and after it."""
    return "yes" if not told.probes["old"]["errors"] else "no"


def written_meanwhile(it: Move, told: Report) -> str:
    """Players whom a visitor registered or changed while the move ran, and who are so no longer."""
    return str(sum(len(visit["lost"]) for visit in told.probes.values()))


QUESTIONS: dict[str, Callable[[Move, Report], str]] = {
    "What is kept at its place?": kept,
    "How many tables are rewritten?": rewritten,
    "Does the old code go on without an error?": old_code_goes_on,
    "How many writes were lost?": written_meanwhile,
}


def answers(ran: Mapping[str, Report]) -> dict[str, dict[str, list[str]]]:
    """{target: {question: [an answer for each source]}}, from the reports of the last runs."""
    moves = {(it.source, it.target): it for it in all_moves()}

    def answer(source: str, target: str, ask: Callable[[Move, Report], str]) -> str:
        it = moves.get((source, target))
        if it is None:
            return THERE
        return ask(it, ran[it.name]) if it.name in ran else NOT_RECORDED

    return {
        target: {
            question: [answer(source, target, ask) for source in VARIANTS]
            for question, ask in QUESTIONS.items()
        }
        for target in VARIANTS
    }
