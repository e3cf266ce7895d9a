"""How `workbench move` looks on a terminal."""

from rich.console import Console
from rich.table import Table

from workbench.move.moves import all_moves
from workbench.move.report import Check, Report, Ride, Staged

# seconds under which a lock is not worth a line
SHORT = 0.05


def show_list(console: Console) -> None:
    """The twelve: what is kept, what waits in the archive, whether a site may serve meanwhile."""
    table = Table(box=None, pad_edge=False)
    for heading in ("from", "to", "kept", "waits in the archive", "while the site serves"):
        table.add_column(heading)
    for it in all_moves():
        table.add_row(it.source, it.target, it.kept, it.waits, it.serving)
    console.print(table)


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
        f"{len(ride.statements)} statements in {ride.seconds:.2f} s, of which PostgreSQL took "
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
