"""`workbench matrix`: run the suite on every supported Django, and record what it answers."""

import os
import shutil
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from workbench import files
from workbench.compare import answers, results, run_suite
from workbench.compare.answers import Comparison, known
from workbench.errors import WorkbenchError
from workbench.matrix import postgresqls
from workbench.matrix.environments import Environment, environments, ready
from workbench.server import postgres


def matrix(
    django: Annotated[
        list[str] | None,
        typer.Option(metavar="VERSION", help="Only this Django, such as 6.1; repeat it."),
    ] = None,
    postgresql: Annotated[
        int | None,
        typer.Option(metavar="VERSION", help="An installed PostgreSQL, such as 15."),
    ] = None,
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help="Write the answers to results/. What the present code answered before an "
            "interruption is not asked again.",
        ),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="With --record: ask again, whatever is answered.")
    ] = False,
) -> None:
    """Run the suite on every supported Django, and show which answers change.

    Each Django gets an environment of its own in build/matrix/. PostgreSQL is the embedded one, or
    yours if PGHOST is set. With --postgresql it is one of that version: yours, if PGHOST is set, or
    else one whose programs are installed on this machine.

    Example: workbench matrix --django 6.1
    """
    chosen = chosen_environments(django or [])
    if record and (postgresql or len(chosen) < len(environments())):
        raise WorkbenchError(
            "Only a run of all versions can be recorded: leave out --django and --postgresql."
        )
    if record and not fresh and are_recorded():
        typer.echo("The answers in results/ are those of this code: nothing to do. See --fresh.")
        return
    if postgresql:
        postgresqls.use(postgresql)
    # a Python that is missing is found out before the first suite runs
    pythons = {environment: ready(environment) for environment in chosen}
    measured: dict[str, Comparison] = {}
    refusals: list[str] = []
    passed = True
    for environment, python in pythons.items():
        try:
            if record and not fresh and is_answered(environment):
                measured[environment.django] = answers.read(environment.to_record)
                continue
            what = f"Asking with Django {environment.django}"
            passes = run_suite.run(python, environment.answers, what, may_differ=record)
            measured[environment.django] = answers.read(environment.answers)
            if passes and record:
                shutil.copy(environment.answers, environment.to_record)
            passed &= passes
        except WorkbenchError as error:  # another Django may run on this PostgreSQL all the same
            refusals.append(str(error))
    if measured:
        show(Console(), measured)
    if refusals:
        raise WorkbenchError(" ".join(dict.fromkeys(refusals)))
    if not passed:
        raise typer.Exit(1)
    if record:
        main = environments()[0].django
        results.record(measured.pop(main), measured)
        for environment in chosen:
            environment.to_record.unlink()
        typer.echo("The answers are recorded in results/. See them with: git diff results/")


def chosen_environments(names: list[str]) -> list[Environment]:
    """Return the environments of these versions, or all; raise WorkbenchError if one is unknown."""
    every = {environment.django: environment for environment in environments()}
    return [every[known(name, every, "supported Django")] for name in names] or list(every.values())


def are_recorded() -> bool:
    """Return whether results/ holds the answers of this code, for every locked Django."""
    if results.recorded_djangos() != [it.django for it in environments()]:
        return False
    found = {it: results.load(it.django) for it in environments()}
    return all(
        its["measured"]["sources"] == results.fingerprint()
        and f"\ndjango=={its['versions']['Django']} " in environment.lock.read_text()
        for environment, its in found.items()
    )


def is_answered(environment: Environment) -> bool:
    """Return whether an interrupted recording has its answers, and they are newer than the code."""
    sources = [*files.sources(*results.SOURCES), environment.lock]
    return files.are_current([environment.to_record], sources)


def show(console: Console, measured: dict[str, Comparison]) -> None:
    """Print for each Django how many questions it answered, and how many unlike the main one."""
    main = results.load() if results.FILE.exists() else next(iter(measured.values()))
    server = os.environ.get("WORKBENCH_POSTGRESQL", "embedded")
    server = postgres.address() if postgres.is_external() else server
    columns = ("Django", "PostgreSQL", "questions", "not asked", "answered differently")
    table = Table(*columns, title=f"PostgreSQL: {server}")
    for comparison in measured.values():
        found = results.difference(main, comparison)
        differing = [name for name, parts in found["questions"].items() if "answers" in parts]
        table.add_row(
            comparison["versions"]["Django"],
            comparison["versions"]["PostgreSQL"],
            str(len(comparison["questions"])),
            str(len(found["not_asked"])),
            "\n".join(differing) or "none",
        )
    console.print(table)
