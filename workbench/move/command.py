"""`workbench move`: its subcommands, with a line of progress for each step, and their reports."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from workbench import progress, recorded
from workbench.errors import WorkbenchError
from workbench.move import moves, report, run, staged, verify
from workbench.move.moves import Move, all_moves
from workbench.move.report import Check, Report, Ride, Staged
from workbench.server import databases, postgres
from workbench.server.databases import Server
from workbench.variants import ONE_VARIANT

app = typer.Typer(
    help="Move a database from one approach to another, and verify that nothing is lost.\n\n"
    "Example: workbench move run profile_onetoone custom_user --back",
    no_args_is_help=True,
)

Source = Annotated[str, typer.Argument(help=f"The approach to leave. {ONE_VARIANT}")]
Target = Annotated[str, typer.Argument(help="The approach to go to: another one.")]
Players = Annotated[int, typer.Option(help="How many users to load first, at least 100.")]
RULES = ("newest", "fill")


def checked_rule(rule: str) -> str:
    """Return the rule; raise WorkbenchError if there is none of that name."""
    if rule and rule not in RULES:
        raise WorkbenchError(f"--duplicates {rule}: the rule is one of {', '.join(RULES)}.")
    return rule


Duplicates = Annotated[
    str,
    typer.Option(
        metavar="RULE",
        callback=checked_rule,
        help="If a user has several profile rows: keep the `newest`, or `fill` its gaps.",
    ),
]
Back = Annotated[bool, typer.Option("--back", help="Go back afterwards, and verify again.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the database, to look at it.")]
Suite = Annotated[
    bool, typer.Option("--suite/--no-suite", help="Run the target's common tests on the result.")
]
Questions = Annotated[
    bool, typer.Option("--questions", help="Ask all questions of the result too. Takes minutes.")
]
Recorded = Annotated[int, typer.Option(help="How many players each move is recorded with.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Run those too that are recorded already.")]
Visitors = Annotated[
    bool,
    typer.Option("--visitors/--no-visitors", help="Also move a copy while visitors use it."),
]


@app.command("list")
def list_() -> None:
    """List the twelve moves: what each keeps, and what was measured when it ran.

    Example: workbench move list
    """
    show_list(Console(), report.read())


@app.command("run")
def run_(
    source: Source,
    target: Target,
    players: Players = 2_000,
    duplicates: Duplicates = "",
    back: Back = False,
    keep: Keep = False,
    with_suite: Suite = True,
    questions: Questions = False,
    visitors: Visitors = True,
) -> None:
    """Load users into one approach, move them to another, and verify.

    Example: workbench move run profile_onetoone custom_user --back
    """
    checks = [verify.suite] * with_suite + [verify.questions] * questions
    it = moves.move(source, target)
    move(it, players, duplicates, back=back, keep=keep, also=checks, visitors=visitors)


@app.command("all")
def all_(
    players: Players = 2_000,
    duplicates: Duplicates = "",
    back: Back = False,
    keep: Keep = False,
    with_suite: Suite = True,
    questions: Questions = False,
    visitors: Visitors = True,
) -> None:
    """Run all twelve moves, one after the other.

    Example: workbench move all --players 1000000 --duplicates newest
    """
    checks = [verify.suite] * with_suite + [verify.questions] * questions
    for it in moves.all_moves():
        rule = duplicates if it.wants_rule else ""
        move(it, players, rule, back=back, keep=keep, also=checks, visitors=visitors)


@app.command("staged")
def staged_(
    source: Source,
    target: Target,
    players: Players = 2_000,
    duplicates: Duplicates = "",
    keep: Keep = False,
) -> None:
    """Move in stages, there and back, while the old and the new code serve visitors.

    Example: workbench move staged profile_onetoone custom_user
    """
    it = moves.move(source, target)
    staged.staged(it)
    check_players(players)
    with postgres.server(large=True) as server, progress.steps() as tell:
        told = staged.move(server, it, players, rule=duplicates, tell=tell)
        if not keep:
            databases.drop(server, f"move_{it.staged_name}")
    show_staged(Console(), told)
    finish(told, f"move_{it.staged_name}", keep)


@app.command("record")
def record_(players: Recorded = 100_000, fresh: Fresh = False) -> None:
    """Run all moves, there and back and in stages, and record each in results/moves.json.

    A move that is recorded already, for the present code and versions, is not run again. So an
    interrupted run goes on where it was.

    Example: workbench move record
    """
    check_players(players)
    with postgres.server(large=True) as server:
        record(server, moves.all_moves(), players, fresh=fresh)
    show_list(Console(), report.read())


def record(
    server: Server, its: Sequence[Move], players: int, *, fresh: bool, file: Path = report.FILE
) -> None:
    """Run these moves and write their reports to the file, each as soon as it is there.

    fresh: run those too that are there already. A report with something wrong is not written.
    Raises WorkbenchError at the end if there was one, or at once if a move is refused.
    """
    known = {} if fresh else report.read(file)
    wrong = []
    versions = recorded.versions(server)
    for it in its:
        for name in report.names_of(it):
            measured = report.measured_now(it, name, players, versions)
            if not report.is_recorded(known.get(name), measured):
                told = recorded_run(server, it, name, players)
                if told.wrong:
                    wrong.append(f"{name}: {told.wrong[0]}.")
                else:
                    report.write(replace(told, measured=measured), file)
    if wrong:
        raise WorkbenchError(f"Not recorded: {' '.join(wrong)} Run it again on a quiet machine.")


def recorded_run(server: Server, it: Move, name: str, players: int) -> Report:
    """Run a move as it is recorded: there and back, plain under visitors, or staged by its name."""
    rule = "newest" if it.wants_rule else ""
    typer.echo(name)
    with progress.steps() as tell:
        if name == it.staged_name:
            told: Report = staged.move(server, it, players, rule=rule, tell=tell)
        else:
            told = run.move(
                *(server, it, players),
                rule=rule,
                back=True,
                probed=True,
                also=[verify.suite],
                tell=tell,
            )
    databases.drop(server, f"move_{name}")
    return told


@app.command("database")
def database_(
    name: Annotated[str, typer.Argument(help="The database to move: it exists already.")],
    source: Source,
    target: Target,
    duplicates: Duplicates = "",
    yes: Annotated[bool, typer.Option("--yes", help="Move it without asking first.")] = False,
    back: Annotated[bool, typer.Option("--back", hidden=True)] = False,
) -> None:
    """Move a database of your own, such as a copy of the one in production, and verify.

    It asks first, unless you give --yes.

    Example: workbench move database shop profile_onetoone custom_user
    """
    it = moves.move(source, target)
    if back:
        raise WorkbenchError(
            "A database of your own is moved forward only: to go back, run `migrate players 0002` "
            f"with the settings {it.settings}, as moves/{it.name}/README.md says."
        )
    with postgres.server(large=True) as server:
        if not databases.exists(server, name):
            raise WorkbenchError(f"There is no database {name}: name one that exists.")
        with progress.steps() as tell:
            tell(f"Looking at {name}")
            to_do = run.check_start(server, it, name, duplicates)
        if to_do and not yes:
            ask(name, it)
        told = move_own(server, it, name, duplicates) if to_do else None
    if told is None:
        Console().print(f"There is nothing to do: {name} is a {it.target} database already.")
    else:
        show(Console(), told)
        check_right(told)


def ask(name: str, it: Move) -> None:
    """Ask whether to move the database; raise WorkbenchError unless the answer is yes."""
    question = f"Move the database {name} from {it.source} to {it.target}? Have a backup."
    if not sys.stdin.isatty():
        raise WorkbenchError(f"This changes the database {name}: add --yes to move it.")
    if not typer.confirm(question):
        raise WorkbenchError(f"The database {name} was not moved: answer y, or add --yes.")


def move_own(server: Server, it: Move, name: str, rule: str) -> Report:
    """Move a database that is not the tool's; nothing of the census stays in it.

    Raises WorkbenchError if it has a schema of that name.
    """
    told = Report(it.name, 0, rule)
    with postgres.connect(server, name) as connection, progress.steps() as tell:
        row = connection.execute("SELECT to_regnamespace('census') IS NULL").fetchone()
        if row != (True,):
            raise WorkbenchError(f"{name} has a schema census, which is needed: rename or drop it.")
        try:
            told.rides.append(run.forward(server, it, name, rule, tell, ours=False))
        finally:
            connection.execute("DROP SCHEMA IF EXISTS census CASCADE")
    return told


def move(
    it: Move,
    players: int,
    rule: str,
    *,
    back: bool,
    keep: bool,
    also: Sequence[run.Also],
    visitors: bool,
) -> None:
    """Run a move, and show what it did.

    Raises WorkbenchError if it is refused, or if something is not as it was.
    """
    check_players(players)
    with postgres.server(large=True) as server, progress.steps() as tell:
        told = run.move(
            server, it, players, rule=rule, back=back, probed=visitors, also=also, tell=tell
        )
        if not keep:
            databases.drop(server, f"move_{it.name}")
    show(Console(), told)
    finish(told, f"move_{it.name}", keep)


def check_players(players: int) -> None:
    """Raise WorkbenchError if so few players prove nothing."""
    if players < 100:
        raise WorkbenchError("Fewer than 100 users leave too little to check: say 100 or more.")


def finish(told: Report, database: str, keep: bool) -> None:
    """Say where the database is; raise WorkbenchError if something is wrong."""
    if keep:
        Console().print(f"The database {database} is there to look at.")
    check_right(told)


def check_right(told: Report) -> None:
    """Raise WorkbenchError if something is not as it should be."""
    if told.wrong:
        raise WorkbenchError(f"{len(told.wrong)} things are not as they should be: see above.")


# seconds under which a lock is not worth a line
SHORT = 0.05


def show_list(console: Console, found: dict[str, Report]) -> None:
    """What each move keeps, and what was measured: how long it took, its longest lock and wait."""
    table = Table(box=None, pad_edge=False)
    for heading in ("from", "to", "kept", "kept in the archive", "while the site serves"):
        table.add_column(heading)
    for it in all_moves():
        table.add_row(it.source, it.target, it.kept, it.waits, it.serving)
    console.print(table)
    console.print()
    table = Table(box=None, pad_edge=False)
    for heading in report.HEADINGS:
        is_name = heading == "move"
        table.add_column(heading, justify="left" if is_name else "right", no_wrap=is_name)
    for it in all_moves():
        for name in report.names_of(it):
            table.add_row(name, *report.figures(found.get(name)))
    console.print(table)
    for line in report.measured_on(found):
        console.print(line, highlight=False)


def show(console: Console, report: Report) -> None:
    """What each direction did, and what was checked."""
    for ride in report.rides:
        show_ride(console, report, ride)
    if report.probes:
        show_probes(console, report)


def show_ride(console: Console, report: Report, ride: Ride) -> None:
    """One direction."""
    console.print(f"\n[bold]{report.name}, {ride.direction}[/], {report.players:,} players")
    show_checks(console, ride.checks, "as it was")
    console.print(
        f"{ride.executed} statements in {ride.seconds:.2f} s, of which PostgreSQL took "
        f"{ride.sql:.2f} s; the rest is Django's."
    )
    if ride.floor:
        console.print(
            f"As many rewrites and inserts alone, done again, took PostgreSQL {ride.floor:.2f} s; "
            f"the move took {ride.seconds / ride.floor:.1f} times as long, "
            f"its SQL {ride.sql / ride.floor:.1f} times."
        )
    console.print(f"Rewritten: {', '.join(ride.rewritten) or 'no table'}.")
    locks = [lock for lock in ride.locks if lock[2] >= SHORT] or ride.locks[:1]
    for table, mode, seconds in locks:
        console.print(f"Held {mode} on {table} for {seconds:.2f} s.", highlight=False)


def show_probes(console: Console, report: Report) -> None:
    """What the visitors of a copy met while it was moved."""
    console.print(f"\n[bold]{report.name}, a copy under visitors[/]")
    for code, visit in report.probes.items():
        longest = visit["longest"]
        console.print(
            f"{code} code: {visit['acts']} acts, the longest wait {longest['seconds']:.2f} s to "
            f"{longest['what']}; of {visit['wrote']} players written, {len(visit['lost'])} "
            "are not as written.",
            highlight=False,
        )
        errors = {"first": visit["first_error"], "last": visit["last_error"]}
        for which, error in errors.items():
            if error:
                console.print(
                    f"  {which} of {visit['errors']} errors, {error['at']:.1f} s after the start: "
                    f"{error['error']}",
                    markup=False,
                    highlight=False,
                )


def show_staged(console: Console, told: Staged) -> None:
    """Each stage with what visitors waited for meanwhile, and what was checked."""
    console.print(f"\n[bold]{told.name}[/], {told.players:,} players")
    table = Table(box=None, pad_edge=False)
    for heading in ("migrate players", "seconds", "the longest wait of a visitor", "strong locks"):
        table.add_column(heading)
    for stage in told.stages:
        table.add_row(
            stage.to,
            f"{stage.seconds:.1f}",
            ", ".join(f"{code} {seconds:.2f} s" for code, seconds in stage.longest.items()) or "-",
            ", ".join(f"{it[0]} {it[2]:.2f} s" for it in stage.locks[:2]) or "-",
        )
    console.print(table)
    console.print(f"Before it began, the longest wait was {told.idle:.2f} s.", highlight=False)
    show_checks(console, told.checks, "as it should")


def show_checks(console: Console, checks: list[Check], right: str) -> None:
    """What was looked at, whether it is right, and what is wrong."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for check in checks:
        table.add_row("wrong" if check.wrong else right, check.name, check.looked_at)
    console.print(table)
    for check in checks:
        for said in check.wrong:
            console.print(f"  {check.name}: {said}", markup=False, highlight=False)
