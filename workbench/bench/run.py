"""The run: all subjects and ways in turn, round by round, at each size.

Each sample is some calls; in each round every subject, operation and way has one, so that a slow
moment of the machine hits all alike, and everybody begins a round in turn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

from workbench import recorded
from workbench.bench.databases import alone, called, empty, sizes
from workbench.bench.result import (
    SOURCES,
    Counts,
    Hashes,
    Load,
    Loaded,
    Measure,
    Result,
    Sample,
    Size,
    spread,
)
from workbench.bench.subjects import Child, Subject
from workbench.errors import WorkbenchError
from workbench.progress import Tell
from workbench.server import databases, postgres, processes
from workbench.server.databases import Server

# of each subject's process: what can be measured, as (operation, way)
Acts = dict[Child, list[tuple[str, str]]]

# microseconds from which on a call is so slow that some rounds are enough
SLOW, SLOW_ROUNDS = 150_000, 3
# how players are loaded: by the variant's add_many(), by `workbench seed`, and by hand
LOADS = ("roster", "seed", "sql")
# add_many() is measured up to here: it takes ten times as long, and memory for every player
MOST_BY_ROSTER = 100_000


STEPS = (1_000, 10_000, 100_000)
FULL, QUICK = 1_000_000, 10_000
# bytes on disk for each player of a subject, with indexes and the log written meanwhile
ROOM = 1_500
# bytes that PostgreSQL takes whatever the number of players
BASE = 1_500_000_000


@dataclass(frozen=True)
class Plan:
    """sizes: of the databases, in players; the last one is what was asked for.

    budget: seconds for one sample. times: samples of what PostgreSQL counts. loads: how often
    players are loaded in each way, at the last size; at the others it is once.
    """

    players: int
    quick: bool
    sizes: tuple[int, ...]
    rounds: int
    budget: float
    times: int
    loads: int = 3


def plan(players: int | None, *, quick: bool) -> Plan:
    """Return the plan for so many players, or as many as is usual.

    Raises WorkbenchError if there are too few or too many.
    """
    if players is not None and players < 100:
        raise WorkbenchError("Fewer than 100 players are too few to measure: say 100 or more.")
    players = players or (QUICK if quick else FULL)
    # players' names have seven digits
    if players > 9_999_999:
        raise WorkbenchError("More than 9,999,999 players have no names here: say fewer.")
    sizes = (*(step for step in STEPS if step < players), players)
    if quick:
        return Plan(players, True, sizes, rounds=3, budget=0.01, times=3)
    return Plan(players, False, sizes, rounds=11, budget=0.03, times=5)


def check_room(players: int, subjects: int) -> None:
    """Raise WorkbenchError if the embedded server's disk will not do."""
    postgres.check_room(players, BASE + players * subjects * ROOM)


@dataclass
class Cell:
    """One operation of one subject in one way, and its samples so far."""

    child: Child
    operation: str
    way: str
    samples: list[Sample] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether it is slow and has been measured often enough."""
        wall = [its["wall_us"] for its in self.samples]
        return len(wall) >= SLOW_ROUNDS and min(wall) > SLOW

    def measure(self, players: int, counted: Counts, name: str = "") -> Measure:
        """What is kept of it. Times are in microseconds, as quartiles."""
        return {
            "operation": name or self.operation,
            "subject": self.child.subject.name,
            "way": self.way,
            "players": players,
            "wall_us": spread([its["wall_us"] for its in self.samples]),
            "cpu_us": spread([its["cpu_us"] for its in self.samples]),
            "samples": len(self.samples),
            **counted,
        }


class Bench:
    """A run on a server. tell hears what begins, and which part of it is done."""

    def __init__(
        self, server: Server, subjects: list[Subject], plan: Plan, seed: int, tell: Tell
    ) -> None:
        self.server, self.subjects, self.plan, self.seed = server, subjects, plan, seed
        self.tell = tell
        self.when = datetime.now(UTC).isoformat(timespec="seconds")
        self.sizes: list[int] = []
        self.crew: list[Child] = []
        self.measures: list[Measure] = []
        self.loads: list[Load] = []
        self.disk: list[Size] = []
        self.hashes: list[Hashes] = []

    def result(self, command: str) -> Result:
        """Return what was measured so far; command: what measures it."""
        return {
            "when": self.when,
            "machine": recorded.machine(),
            "versions": recorded.versions(self.server),
            "command": command,
            "sources": recorded.fingerprint(*SOURCES),
            "players": self.plan.players,
            "sizes": self.sizes,
            "quick": self.plan.quick,
            "seed": self.seed,
            "pages": "WSGI in process, DEBUG off, connections kept, hasher md5",
            "measures": self.measures,
            "hashes": self.hashes,
            "loads": self.loads,
            "sizes_on_disk": self.disk,
        }

    def go_on(self, part: Result) -> None:
        """Take over what an interrupted run has measured."""
        self.when, self.sizes = part["when"], part["sizes"]
        self.measures, self.loads = part["measures"], part["loads"]
        self.disk, self.hashes = part["sizes_on_disk"], part["hashes"]

    def run(self, save: Callable[[], object] = lambda: None) -> None:
        """Measure at each size that is not measured yet; save is called after each.

        Whatever happens, the databases are dropped and the processes ended.
        """
        with alone(self.server):
            try:
                self._begin()
                for size in self.plan.sizes:
                    if size not in self.sizes:
                        self._at(size)
                        self.sizes.append(size)
                        save()
                self._empty()
                self.sizes.insert(0, 0)
            finally:
                processes.end(self.crew)

    def _begin(self) -> None:
        """A migrated, empty database for each subject, of which the others are copies."""
        self.tell("Making the databases", 0.0)
        for subject in self.subjects:
            child = Child(subject, self.server, self.seed)
            self.crew.append(child)
            if subject.recipe:
                continue
            databases.anew(self.server, called(subject, 0))
            child.order("open", database=called(subject, 0), players=0)
            child.order("migrate")
            child.order("close")
        for child in self._owners(self.crew):
            for _ in range(3):
                child.answer()

    def _at(self, size: int) -> None:
        """Measure at so many players."""
        self._loads(size)
        acts = self._filled(size)
        self._rounds(acts, size, f"{size:,} players")
        self._indexed(acts, size)
        self._leave(size)

    def _loads(self, size: int) -> None:
        """Load players in each way in turn, each time into empty tables."""
        times = self.plan.loads if size == self.plan.players else 1
        ways = [way for way in LOADS if way != "roster" or size <= MOST_BY_ROSTER]
        for child in self._at_work_at(size):
            if not child.subject.floor:
                continue
            subject, database = child.subject, called(child.subject, "load")
            databases.ensure(self.server, database, called(subject, 0))
            tables = child.do("tables")
            taken: dict[str, list[Loaded]] = {way: [] for way in ways}
            for turn in range(times):
                for number, way in enumerate(ways if turn % 2 == 0 else ways[::-1]):
                    part = (turn + number / len(ways)) / times
                    self.tell(f"Loading {size:,} players into {subject.name}", part)
                    empty(self.server, database, tables)
                    taken[way].append(child.do("load", database=database, players=size, way=way))
            empty(self.server, database, tables)
            self.loads += [of_load(subject, size, way, told) for way, told in taken.items()]

    def _filled(self, size: int) -> Acts:
        """Fill a database of each subject; returns what can be measured of each."""
        acts = {}
        for child in self._at_work_at(size):
            subject = child.subject
            self.tell(f"Filling {subject.name} with {size:,} players", 0.0)
            name = called(subject, size)
            if not subject.recipe:
                databases.anew(self.server, name, called(subject, 0))
            acts[child] = [
                (its[0], its[1]) for its in child.do("open", database=name, players=size)
            ]
            if not subject.recipe:
                child.do("fill")
                self.disk += sizes(self.server, subject, size, child.do("tables"))
        return acts

    def _at_work_at(self, size: int) -> list[Child]:
        """Recipes and peers are measured at the end only, at the most players."""
        last = size == self.plan.players
        return [child for child in self.crew if last or child.subject.floor]

    def _owners(self, crew: list[Child]) -> list[Child]:
        """A recipe works on the database of the variant that it makes faster."""
        return [child for child in crew if not child.subject.recipe]

    def _leave(self, size: int) -> None:
        crew = self._at_work_at(size)
        for child in crew:
            child.do("close")
        for child in self._owners(crew):
            databases.drop(self.server, called(child.subject, size))

    def _empty(self) -> None:
        """Registering where nobody is yet, and how often each subject hashes."""
        acts = {
            child: [
                (operation, way)
                for operation, way in child.do("open", database=called(child.subject, 0), players=0)
                if operation.startswith("register")
            ]
            for child in self.crew
        }
        self._rounds(acts, 0, "Empty tables")
        for child in self._owners(self.crew):
            self.hashes += child.do("hashes", subject=child.subject.name)

    def _indexed(self, acts: Acts, size: int) -> None:
        """The filter once more, with the index that it wants, and only for that."""
        crew = [child for child in self._at_work_at(size) if child.subject.floor]
        for child in crew:
            child.do("index_discord_id")
        only = {who: [it for it in its if it[0] == "by_discord_id"] for who, its in acts.items()}
        self._rounds(only, size, "With an index on the Discord ID", "by_indexed_discord_id")
        for child in crew:
            child.do("drop_index_of_discord_id")

    def _rounds(self, acts: Acts, size: int, about: str, name: str = "") -> None:
        """Sample all in turn, in every round; then count what each asks of PostgreSQL."""
        cells = in_turn(self.crew, acts)
        for round_ in range(-1, self.plan.rounds):
            for number, cell in enumerate(turned(cells, round_)):
                part = ((round_ + 1) + number / len(cells)) / (self.plan.rounds + 1)
                self.tell(f"{about}: round {max(round_, 0) + 1} of {self.plan.rounds}", part)
                if cell.is_done:
                    continue
                told = cell.child.do(
                    "sample",
                    operation=cell.operation,
                    way=cell.way,
                    turn=str(round_),
                    budget=self.plan.budget,
                )
                if round_ >= 0:  # the one before the first only warms up
                    cell.samples.append(told)
        for number, cell in enumerate(cells):
            self.tell(f"{about}: counting", number / len(cells))
            times = 1 if cell.is_done else self.plan.times
            counted = cell.child.do("count", operation=cell.operation, way=cell.way, times=times)
            self.measures.append(cell.measure(size, counted, name))


def of_load(subject: Subject, size: int, way: str, told: list[Loaded]) -> Load:
    """What is kept of loads in one way: seconds as quartiles, the most memory of all, in bytes."""
    seconds = [its["seconds"] for its in told]
    return {
        "subject": subject.name,
        "players": size,
        "way": way,
        "seconds": spread(seconds),
        "rate": round(size / median(seconds)),
        "memory": max(its["memory"] for its in told),
        "samples": len(told),
    }


def in_turn(crew: list[Child], acts: Acts) -> list[Cell]:
    """A cell for each act: subjects and ways of one operation stand beside each other."""
    order = dict.fromkeys(act for its in acts.values() for act in its)
    operations = list(dict.fromkeys(operation for operation, _ in order))
    return [
        Cell(child, operation, way)
        for operation in operations
        for way in dict.fromkeys(way for its, way in order if its == operation)
        for child in crew
        if (operation, way) in acts.get(child, ())
    ]


def turned(cells: list[Cell], round_: int) -> Iterator[Cell]:
    """The cells, each round beginning elsewhere."""
    start = (round_ * 37) % max(len(cells), 1)
    yield from cells[start:]
    yield from cells[:start]
