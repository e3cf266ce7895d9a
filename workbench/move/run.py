"""Runs a move: loads players into the source, migrates, verifies, and tells what it saw."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from workbench.errors import WorkbenchError
from workbench.move import census, project, watch
from workbench.move.census import Ends
from workbench.move.moves import Move
from workbench.move.project import Project, Server
from workbench.move.report import Check, Report, Ride, VisitSummary, changing
from workbench.move.verify import before, counted_checks, kept_what_was_done, verified
from workbench.server import databases, postgres

Tell = Callable[[str], None]
Also = Callable[[Server, str, str], Check]

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
    also: Sequence[Also] = (),
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
    databases.anew(server, name)
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
    moving: Project | None = None,
    ours: bool = True,
) -> Ride:
    """Move the database of that name forward, and verify.

    moving: the code that moves it, if not the move's own. ours: the database is the tool's own, so
    that the time for the rewrites alone may be measured.
    """
    world = ours or has_world(server, name)
    moving = moving or Project(server, it.target, name, it.settings, world=world, rule=rule)
    ends, whole = Ends(it.source, it.target), Ends(it.source, it.source)
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        tell("Counting")
        census.count(cursor, "before", it.source, ends, rule)
        census.count(cursor, "whole", it.source, whole, "")
        Project(server, it.source, name, world=world).do(("sessions", {"census": "before"}))
        census.copy(cursor, "before", "whole", "contents of sessions")
        was = before(server, it.source, name, ours=ours, world=world)
        tell(f"Moving to {it.target}")
        ride = ridden(connection, moving, "forward", {}, ours)
        tell("Verifying")
        # a proxy has the extras in the archive, where the rule still has to be asked
        counted = census.count(cursor, "after", it.target, ends, rule)
        checks = verified(server, it.target, name, was, count="after", world=world, ours=ours)
        ride.checks = counted_checks(cursor, counted, "before", "after") + checks
    return ride


def backward(
    server: Server,
    it: Move,
    name: str,
    rule: str,
    tell: Tell = lambda step: None,
    moving: Project | None = None,
) -> Ride:
    """Let somebody register and somebody change their details; then move back, and verify.

    moving: the code that moves it, if not the move's own.
    """
    moving = moving or Project(server, it.target, name, it.settings, rule=rule)
    tell("Players register and change their details")
    Project(server, it.target, name).do(("use", {}))
    with postgres.connect(server, name) as connection:
        cursor = connection.cursor()
        census.count(cursor, "used", it.target, Ends(it.target, it.target), "")
        was = before(server, it.target, name, ours=True)
        tell(f"Moving back to {it.source}")
        ride = ridden(connection, moving, "back", {"app": "players", "to": START}, True)
        tell("Verifying")
        ends = Ends(it.source, it.source)
        counted = census.count(cursor, "again", it.source, ends, "")
        checks = verified(server, it.source, name, was, count="again")
        ride.checks = counted_checks(cursor, counted, "whole", "again", but=census.ACTORS)
        ride.checks += [kept_what_was_done(cursor, it), *checks]
    return ride


def visited(
    server: Server, it: Move, name: str, rule: str, tell: Tell = lambda step: None
) -> dict[str, VisitSummary]:
    """Move a copy of the database while visitors use the old and the new code; what they met."""
    copy = f"{name}_visited"
    old, new = Project(server, it.source, copy), Project(server, it.target, copy)
    moving = Project(server, it.target, copy, it.settings, rule=rule)
    tell("Copying")
    databases.copy(server, name, copy)
    try:
        with project.visiting(old, "old") as by_old, project.visiting(new, "new") as by_new:
            tell("Moving a copy under visitors")
            time.sleep(project.BEFORE)
            statements = moving.do(("migrate", {"record": True}))["migrate"]
            time.sleep(project.AFTER)
        tell("Looking up what they wrote")
        visits = {"old": by_old, "new": by_new}
        return {
            code: project.summary(
                visit, statements[0]["at"], new.do(("look_up", {"wrote": visit.wrote}))["look_up"]
            )
            for code, visit in visits.items()
        }
    finally:
        databases.drop(server, copy)


def ridden(
    connection: Any, moving: Project, direction: str, where: dict[str, str], ours: bool
) -> Ride:
    """Run the migrations, with an eye on locks and files."""
    before, known = watch.files(connection), watch.tables(connection)
    with watch.locks(moving.server, moving.database) as seen:
        statements = moving.do(("migrate", {"record": True, **where}))["migrate"]
    locks = sorted(
        ((table, mode, seconds) for (table, mode), seconds in seen.longest.items()),
        key=lambda lock: -lock[2],
    )
    return Ride(
        direction,
        seconds=statements[-1]["at"] + statements[-1]["seconds"] - statements[0]["at"],
        sql=sum(it["seconds"] for it in statements),
        executed=len(statements),
        statements=changing(statements) if direction == "forward" else [],
        locks=locks,
        rewritten=watch.rewritten(before, watch.files(connection)),
        floor=watch.seconds(connection, known, watch.tables(connection)) if ours else 0.0,
    )


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
