"""The command line: what each command takes, and how an error reaches the user."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import psycopg
import typer
from rich.console import Console
from typer.exceptions import TyperException

from workbench.bench import command as benching
from workbench.bench.result import FILE as BENCHMARKS
from workbench.compare import choose as choosing
from workbench.compare import command as comparing
from workbench.compare.run_suite import measured
from workbench.errors import WorkbenchError
from workbench.move import command as moving
from workbench.move import moves, staged_command, suite
from workbench.move import show as move_print
from workbench.schema import command as schema_print
from workbench.seed import command as seeding
from workbench.seed.players import SEED
from workbench.serve import command as serving
from workbench.serve import manage as managing
from workbench.serve import ports
from workbench.server import postgres
from workbench.try_ import command as trial_print
from workbench.try_ import trial
from workbench.variants import VARIANTS, checked

ONE_VARIANT = f"One of {', '.join(VARIANTS)}."

app = typer.Typer(
    name="workbench",
    help="Four ways to extend Django's User, side by side on PostgreSQL.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def serve(
    port: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="The port of `index` or of a variant; repeat it."),
    ] = None,
) -> None:
    """Run the four sites with demo players, and a page that links to them.

    Example: workbench serve --port index=9000 --port custom_user=9003
    """
    serving.serve(ports.chosen(port or ()), Console())


@app.command(
    context_settings={
        "allow_extra_args": True,
        "allow_interspersed_args": False,
        "ignore_unknown_options": True,
    },
)
def manage(
    context: typer.Context,
    variant: Annotated[str, typer.Argument(help=ONE_VARIANT)],
) -> None:
    """Run a variant's manage.py on its database, with whatever follows.

    Example: workbench manage custom_user shell_plus
    """
    raise typer.Exit(managing.manage(variant, context.args))


@app.command()
def schema(
    variant: Annotated[str | None, typer.Argument(help=ONE_VARIANT)] = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Show only where two variants differ."),
    ] = None,
    all_tables: Annotated[
        bool, typer.Option("--all-tables", help="Not only the players' tables.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show a variant's tables as PostgreSQL has them, or where two variants' differ.

    Example: workbench schema --diff proxy_model custom_user
    """
    if (variant is None) == (diff is None):
        raise WorkbenchError(f"Name one variant, or two with --diff, of {', '.join(VARIANTS)}.")
    show = schema_print.show_diff if diff else schema_print.show
    show(Console(), *(diff or (variant or "",)), all_tables=all_tables, as_json=as_json)


@app.command("try")
def try_(
    username: Annotated[str, typer.Option(help="The new player's name.")] = "tasha",
    keep: Annotated[bool, typer.Option("--keep", help="Do not remove the player again.")] = False,
) -> None:
    """Register one player in all four, and show the SQL that ran and the rows it left.

    Example: workbench try --username tasha
    """
    with postgres.server() as server:
        trials = trial.register(server, username, keep=keep)
    trial_print.show(Console(), trials, username if keep else None)


@app.command()
def compare(
    variants: Annotated[
        list[str] | None,
        typer.Argument(metavar="[A B]", help="Only two variants, and only where these differ."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the questions that all answer alike.")
    ] = False,
    area: Annotated[str | None, typer.Option(help="Only one area, such as Schema.")] = None,
    question: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this question, with its evidence; repeat it."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run the suite even if its answers are current.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="A table for a page like the README.")
    ] = False,
) -> None:
    """Show where the four differ, as measured; the suite is run first if it has to be.

    Example: workbench compare profile_onetoone custom_user
    """
    names = [checked(name) for name in variants or VARIANTS]
    if variants and len(variants) != 2:
        raise WorkbenchError(f"Name no variant or two to compare, of {', '.join(VARIANTS)}.")
    comparison = measured(fresh=fresh)
    shown = comparing.chosen(
        comparison, names, everything=everything, area=area, ids=question or ()
    )
    console = Console()
    if as_json:
        typer.echo(comparing.as_json(comparison, shown))
    elif as_markdown:
        typer.echo(comparing.as_markdown(shown, names))
    elif question:
        for one in shown:
            comparing.show_with_evidence(console, one, names)
    else:
        comparing.show(console, shown, names)


@app.command()
def choose(
    need: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="What you need; repeat it.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the needs with their ids.")] = False,
) -> None:
    """Say what you need, and see which approaches remain, by measured answers.

    Example: workbench choose --need running-project --need one-record
    """
    if list_:
        choosing.show_list(Console())
    else:
        needs = choosing.chosen(need or ())
        choosing.show(Console(), needs, measured())


@app.command()
def site(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure anew, even if all is current.")
    ] = False,
) -> None:
    """Build the site with what was measured; the suite is run first if it has to be.

    Example: workbench site
    """
    # the site's own modules take as long to import as all the others, and Django with them
    from workbench.site import build as building

    building.build(Console(), fresh=fresh)


@app.command()
def move(
    source: Annotated[str | None, typer.Argument(help=ONE_VARIANT)] = None,
    target: Annotated[str | None, typer.Argument(help="Another one.")] = None,
    players: Annotated[int, typer.Option(help="So many are loaded first.")] = 2_000,
    duplicates: Annotated[
        str,
        typer.Option(metavar="RULE", help="newest or fill: of a user's several records, which."),
    ] = "",
    back: Annotated[bool, typer.Option("--back", help="Go back afterwards, too.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the database to look at.")] = False,
    database: Annotated[
        str, typer.Option(metavar="NAME", help="Move this database, which is there already.")
    ] = "",
    with_suite: Annotated[
        bool, typer.Option("--suite/--no-suite", help="Run the shared suite on the result.")
    ] = True,
    with_questions: Annotated[
        bool, typer.Option("--questions", help="And all questions of the comparison: minutes.")
    ] = False,
    probed: Annotated[
        bool, typer.Option("--probes/--no-probes", help="Also move a copy while visitors use it.")
    ] = True,
    staged: Annotated[
        bool, typer.Option("--staged", help="In stages and back, while old and new code serve.")
    ] = False,
    all_: Annotated[bool, typer.Option("--all", help="Run all twelve, one by one.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the twelve moves.")] = False,
) -> None:
    """Load players into one approach, move them to another, and verify that nothing is lost.

    Example: workbench move profile_onetoone custom_user --back
    """
    if list_:
        move_print.show_list(Console())
        return
    if all_ and not (source or database):
        chosen = moves.all_moves()
    elif source and target and not all_:
        chosen = [moves.move(source, target)]
    else:
        raise WorkbenchError(f"Name two variants, from and to, of {', '.join(VARIANTS)}.")
    if staged and (all_ or back or database):
        raise WorkbenchError("--staged goes there and back by itself: leave the others out.")
    for it in chosen:
        if staged:
            staged_command.move(Console(), it, players, rule=duplicates, keep=keep)
            continue
        moving.move(
            Console(),
            it,
            players,
            rule=duplicates if it.wants_rule or not all_ else "",
            back=back,
            keep=keep,
            database=database,
            also=[suite.suite] * with_suite + [suite.questions] * with_questions,
            probed=probed,
        )


@app.command()
def bench(
    players: Annotated[
        int | None,
        typer.Option(help="Measured at so many and at fewer; 1,000,000 if not said."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="At 10,000 players if not said, in few rounds.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Chooses whom the operations are about.")] = 1,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Measure nothing: compare the last result with an earlier one, which you kept.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Where the last result is, or is written.",
            show_default="build/benchmarks.json",
        ),
    ] = BENCHMARKS,
) -> None:
    """Measure what the four cost at many players, beside the same by SQL and beside peers.

    Example: workbench bench --quick
    """
    if compare:
        benching.compare(Console(), compare, output)
    else:
        benching.bench(Console(), players, quick=quick, seed=seed, output=output)


@app.command()
def seed(
    variant: Annotated[str, typer.Argument(help=f"all, or one of {', '.join(VARIANTS)}.")],
    players: Annotated[int, typer.Option(help="So many are added.")] = 100_000,
    number: Annotated[
        int, typer.Option("--seed", help="Another number makes other players.")
    ] = SEED,
    password: Annotated[
        str, typer.Option(help="With it all of them can log in; otherwise nobody can.")
    ] = "",
) -> None:
    """Add many made-up players to a variant's database, or the same ones to all four.

    Example: workbench seed all --players 1000000
    """
    seeding.seed(Console(), variant, players, number, password)


@app.command()
def notebook(
    variant: Annotated[
        str | None, typer.Argument(help=f"Open this one's. {ONE_VARIANT}", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; otherwise the first free one from 8005.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address.")
    ] = False,
    slides: Annotated[
        bool, typer.Option("--slides", help="Write the slides instead, to be shown offline.")
    ] = False,
) -> None:
    """Open the notebooks in JupyterLab, on databases of their own; Ctrl-C stops all.

    Example: workbench notebook custom_user
    """
    # pandas and Jupyter take a second to import, which no other command should wait for
    from workbench.notebook import command as opening

    if slides:
        opening.export(variant, Console())
    else:
        opening.open_lab(variant, Console(), port=port, browser=not no_browser)


def main() -> None:
    """Run the command line; what the user can put right is one sentence and exit code 2."""
    try:
        sys.exit(app(sys.argv[1:] or ["--help"], prog_name="workbench", standalone_mode=False))
    except TyperException as error:
        _fail(f"{_ended(error.format_message())} Try `{_command_path(error)} --help`.")
    except WorkbenchError as error:
        _fail(str(error))
    except psycopg.Error as error:
        _fail(f"PostgreSQL says: {postgres.reason(error)}.")
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        # whoever read the output has seen enough; Python must not complain at its exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _fail(f"{error.filename or 'The system'}: {error.strerror or error}.")


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(2)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def _command_path(error: TyperException) -> str:
    return getattr(getattr(error, "ctx", None), "command_path", "workbench")
