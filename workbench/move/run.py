"""Runs a move: loads players into the source, migrates, verifies, and tells what it saw."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.errors import WorkbenchError
from workbench.move import census, floor, shape, visitors, watch
from workbench.move.census import Ends
from workbench.move.moves import Move
from workbench.move.project import Project
from workbench.move.report import Check, Report, Ride
from workbench.server import databases, postgres

Server = Mapping[str, str]
Tell = Callable[[str], None]

# a move's own words for what it does to databases
make, drop = databases.anew, databases.drop

START = "0002_unique_username_ignoring_case"


def move(
    server: Server,
    it: Move,
    players: int,
    *,
    rule: str = "",
    back: bool = False,
    probed: bool = False,
    database: str = "",
    also: Sequence[Callable[[Server, str, str], Check]] = (),
    tell: Tell = lambda step: None,
) -> Report:
    """Load so many players, move them, and verify; `back`: then let the site work, and go back.

    probed: move a copy, too, while visitors use the old and the new code. database: its name, if
    not the usual one; it is made anew. also: further checks of the moved database, given the
    target and the name. tell hears what begins. Raises WorkbenchError if the move is refused.
    """
    name = database or f"move_{it.name}"
    report = Report(it.name, players, rule)
    source = Project(server, it.source, name)
    tell(f"Loading {players:,} players into {it.source}")
    make(server, name)
    source.do(("migrate", {}), ("load", {"players": players}))
    if probed:
        report.probes = visited(server, it, name, rule, tell)
    report.rides.append(forward(server, it, name, rule, tell))
    for check in also:
        tell(f"Running the target's {check.__name__} on the moved database")
        report.rides[0].checks.append(check(server, it.target, name))
    if back:
        report.rides.append(backward(server, it, name, rule, tell))
    return report


def forward(
    server: Server,
    it: Move,
    name: str,
    rule: str,
    tell: Tell = lambda step: None,
    fault: str = "",
    ours: bool = True,
) -> Ride:
    """Move the database of that name forward, and verify. fault: see Project.

    ours: the database is the tool's own, so that the time for the rewrites alone may be measured.
    """
    moving = Project(server, it.target, name, it.settings, rule=rule, fault=fault)
    ends, whole = Ends(it.source, it.target), Ends(it.source, it.source)
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        tell("Counting")
        census.count(cursor, "before", it.source, ends, rule)
        census.count(cursor, "whole", it.source, whole, "")
        tell(f"Moving to {it.target}")
        ride = ridden(connection, moving, "forward", {}, ours)
        tell("Verifying")
        # a proxy has the extras in the archive, where the rule still has to be asked
        counted = census.count(cursor, "after", it.target, ends, rule)
        ride.checks = counted_checks(cursor, counted, "before", "after")
    ride.checks += verified(server, it.target, name)
    return ride


def backward(
    server: Server, it: Move, name: str, rule: str, tell: Tell = lambda step: None
) -> Ride:
    """Let somebody register and somebody change their details; then move back, and verify."""
    moving = Project(server, it.target, name, it.settings, rule=rule)
    tell("Players register and change their details")
    Project(server, it.target, name).do(("use", {}))
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        census.count(cursor, "used", it.target, Ends(it.target, it.target), "")
        tell(f"Moving back to {it.source}")
        ride = ridden(connection, moving, "back", {"app": "players", "to": START}, True)
        tell("Verifying")
        ends = Ends(it.source, it.source)
        counted = census.count(cursor, "again", it.source, ends, "")
        ride.checks = counted_checks(cursor, counted, "whole", "again", but=census.ACTORS)
        ride.checks.append(kept_what_was_done(cursor, it))
    ride.checks += verified(server, it.source, name)
    return ride


def visited(
    server: Server, it: Move, name: str, rule: str, tell: Tell = lambda step: None
) -> dict[str, Any]:
    """Move a copy of the database while visitors use the old and the new code; what they met."""
    copy = f"{name}_visited"
    old, new = Project(server, it.source, copy), Project(server, it.target, copy)
    moving = Project(server, it.target, copy, it.settings, rule=rule)
    tell("Copying")
    copied(server, name, copy)
    try:
        with visitors.visiting(old, "old") as by_old, visitors.visiting(new, "new") as by_new:
            tell("Moving a copy under visitors")
            time.sleep(visitors.BEFORE)
            [statements] = moving.do(("migrate", {"record": True})).values()
            time.sleep(visitors.AFTER)
        tell("Looking up what they wrote")
        visits = {"old": by_old, "new": by_new}
        return {
            code: visitors.summary(
                visit, statements[0]["at"], new.do(("look_up", {"wrote": visit.wrote}))["look_up"]
            )
            for code, visit in visits.items()
        }
    finally:
        drop(server, copy)


def copied(server: Server, name: str, copy: str) -> None:
    """Make a copy of the database; the tool's own mark is not copied with it."""
    drop(server, copy)
    with postgres.connect(server, "postgres") as connection:
        databases.create(connection, copy, template=name)


def ridden(
    connection: Any, moving: Project, direction: str, where: dict[str, str], ours: bool
) -> Ride:
    """Run the migrations, with an eye on locks and files."""
    before, known = watch.files(connection), floor.tables(connection)
    with watch.locks(moving.server, moving.database) as seen:
        [statements] = moving.do(("migrate", {"record": True, **where})).values()
    locks = sorted(
        ((table, mode, seconds) for (table, mode), seconds in seen.longest.items()),
        key=lambda lock: -lock[2],
    )
    return Ride(
        direction,
        seconds=statements[-1]["at"] + statements[-1]["seconds"] - statements[0]["at"],
        sql=sum(it["seconds"] for it in statements),
        statements=statements,
        locks=locks,
        rewritten=watch.rewritten(before, watch.files(connection)),
        floor=floor.seconds(connection, known, floor.tables(connection)) if ours else 0.0,
    )


def counted_checks(
    cursor: Any, counted: dict[str, int], before: str, after: str, but: tuple[str, ...] = ()
) -> list[Check]:
    """A check for each fact of the census."""
    differing = census.compare(cursor, before, after, but=but)
    cursor.execute(f"SELECT fact, count(*) FROM census.{before} GROUP BY fact")
    numbers = dict(cursor.fetchall())
    return [
        Check(
            fact,
            f"{numbers.get(fact, 0):,}",
            [said.partition(": ")[2] for said in differing if said.startswith(f"{fact}: ")],
        )
        for fact in sorted(numbers.keys() | counted.keys())
    ]


def kept_what_was_done(cursor: Any, it: Move) -> Check:
    """Who registered or changed something after the move is there, with all of it."""
    now: dict[str, dict[str, str]] = {"used": {}, "again": {}}
    for name, found in now.items():
        cursor.execute(
            f"SELECT fact || ' of ' || who, line FROM census.{name}"
            " WHERE who = ANY(%s) AND fact IN ('players', 'extras')",
            [list(census.ACTORS)],
        )
        found.update(cursor.fetchall())
    wrong = [
        f"{fact} was {line}, and is {now['again'].get(fact, 'gone')}"
        for fact, line in now["used"].items()
        if now["again"].get(fact) != line
    ]
    return Check("what was done after the move", f"{len(now['used'])}", wrong)


def verified(server: Server, variant: str, name: str) -> list[Check]:
    """What is looked at under the variant's own, unmodified settings."""
    told = Project(server, variant, name, world=False).do(
        ("has_nothing_to_migrate", {}), ("logins", {})
    )
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        behind = shape.sequences_behind(cursor)
        here = shape.things(cursor)
    pending = told["has_nothing_to_migrate"]
    return [
        Check("logins and open sessions", "by password and by cookie", told["logins"]),
        Check(
            "schema",
            f"{len(here)} facts, as on a fresh database",
            shape.differences(here, as_installed(server, variant, name)),
        ),
        Check("sequences", "next values", behind),
        Check("migrations", "--check, unmodified settings", [pending] if pending else []),
    ]


_installed: dict[str, shape.Things] = {}


def as_installed(server: Server, variant: str, beside: str) -> shape.Things:
    """What a fresh database of the variant has, with the other app; looked up once a process."""
    if variant not in _installed:
        name = f"{beside}_fresh"
        make(server, name)
        try:
            Project(server, variant, name).do(("migrate", {}))
            with postgres.connect(server, name) as connection:
                _installed[variant] = shape.things(connection.cursor())
        finally:
            drop(server, name)
    return _installed[variant]


def check_start(server: Server, it: Move, name: str, rule: str) -> bool:
    """Whether there is something to do on a database that is there already.

    Raises WorkbenchError if it is not the source's, or not fully migrated.
    """
    moving = Project(server, it.target, name, it.settings, world=has_world(server, name), rule=rule)
    left = moving.do(("plan", {}))["plan"]["players"]
    if not left:
        return False
    lacking = [one for one in left if one.startswith(("players.0001", "players.0002"))]
    if lacking:
        raise WorkbenchError(
            f"{name} lacks {', '.join(lacking)} of {it.source}: migrate it fully first."
        )
    source = Project(server, it.source, name, world=moving.world)
    if not begun(server, name, it) and (pending := source.do(("plan", {}))["plan"]["others"]):
        raise WorkbenchError(
            f"{name} is not fully migrated ({', '.join(pending)}): run migrate with the code of "
            f"{it.source} first."
        )
    return True


def begun(server: Server, name: str, it: Move) -> bool:
    """Whether some of the move's migrations have run."""
    names = [path.stem for path in (it.folder / "migrations").glob("0*.py")]
    with postgres.connect(server, name) as connection:
        found = connection.execute(
            "SELECT FROM django_migrations WHERE app = 'players' AND name = ANY(%s)"
            " AND name !~ '^000[12]_'",
            [names],
        ).fetchall()
    return bool(found)


def has_world(server: Server, name: str) -> bool:
    """Whether the database has the tables of the other app."""
    with postgres.connect(server, name) as connection:
        row = connection.execute("SELECT to_regclass('world_guild') IS NOT NULL").fetchone()
    return row == (True,)
