"""What a move did and what was checked: for the terminal, tests, build/moves.json and the site."""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from workbench import files
from workbench.move.moves import Move, all_moves
from workbench.paths import BUILD
from workbench.variants import VARIANTS

FILE = BUILD / "moves.json"

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
    PostgreSQL takes for as many rewrites and inserts alone (see workbench.move.watch). locks:
    longest first.
    """

    direction: str
    seconds: float
    sql: float
    statements: list[Statement]
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
    and "new".
    """

    name: str
    players: int
    rule: str
    rides: list[Ride] = field(default_factory=list)
    probes: dict[str, VisitSummary] = field(default_factory=dict)

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
    def wrong(self) -> list[str]:
        """All that is not as it should be."""
        return [f"{check.name}: {said}" for check in self.checks for said in check.wrong]


def write(report: Report, file: Path = FILE) -> None:
    """Put the report among those of the other moves, in the place of an older one of its own."""
    known = read(file) | {report.name: report}
    files.write_json(file, {name: asdict(it) for name, it in known.items()})


def read(file: Path = FILE) -> dict[str, Report]:
    """Return the reports of the last runs, by the moves' names.

    Those that an older version of the workbench has written with other values are left out.
    """
    found: dict[str, Report] = {}
    for name, its in json.loads(file.read_text("utf-8")).items() if file.exists() else ():
        with contextlib.suppress(TypeError, KeyError):
            found[name] = read_report(its)
    return found


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


def changing(statements: list[Statement]) -> list[str]:
    """The statements that change something, without those of Django's own record.

    Nor what was made, to be compared with, in a schema that is rolled back.
    """
    found, aside = [], False
    for statement in statements:
        text = " ".join(statement["sql"].split()).rstrip(";")
        aside = aside or text.startswith("CREATE SCHEMA fresh_names")
        reads = text.startswith(("SELECT", "SET CONSTRAINTS", "ANALYZE")) and "setval" not in text
        if not (aside or reads or "django_migrations" in text):
            found.append(text)
        aside = aside and not text.startswith("ROLLBACK TO SAVEPOINT")
    return found


NOT_RUN = "not run here"
THERE = "is there"


def kept(it: Move, told: Report | None) -> str:
    """What the target has a place for; the rest waits in the archive."""
    return it.kept


def rewritten(it: Move, told: Report | None) -> str:
    """Counted by the files that the tables lie in."""
    return str(len(told.rides[0].rewritten)) if told else NOT_RUN


def old_code_goes_on(it: Move, told: Report | None) -> str:
    """Whether a visitor of the old code met no error, during the move and after it."""
    return seen(told, lambda probes: "yes" if not probes["old"]["errors"] else "no")


def written_meanwhile(it: Move, told: Report | None) -> str:
    """Players whom a visitor registered or changed while the move ran, and who are so no longer."""
    return seen(told, lambda probes: str(sum(len(visit["lost"]) for visit in probes.values())))


def seen(told: Report | None, by: Callable[[dict[str, VisitSummary]], str]) -> str:
    """What visitors saw, if the move ran with some."""
    return by(told.probes) if told and told.probes else NOT_RUN


QUESTIONS: dict[str, Callable[[Move, Report | None], str]] = {
    "What is kept at its place?": kept,
    "How many tables are rewritten?": rewritten,
    "Does the old code go on without an error?": old_code_goes_on,
    "How many players written meanwhile are not as they were written?": written_meanwhile,
}


def answers(ran: Mapping[str, Report]) -> dict[str, dict[str, list[str]]]:
    """{target: {question: [an answer for each source]}}, from the reports of the last runs."""
    moves = {(it.source, it.target): it for it in all_moves()}

    def answer(source: str, target: str, ask: Callable[[Move, Report | None], str]) -> str:
        it = moves.get((source, target))
        return ask(it, ran.get(it.name)) if it else THERE

    return {
        target: {
            question: [answer(source, target, ask) for source in VARIANTS]
            for question, ask in QUESTIONS.items()
        }
        for target in VARIANTS
    }
