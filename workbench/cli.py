"""The command line: the commands in their order, and how an error reaches the user."""

import os
import sys
from typing import NoReturn

import psycopg
import typer
from typer.exceptions import TyperException

from workbench.bench.command import bench
from workbench.compare.choose import choose
from workbench.compare.command import compare
from workbench.errors import WorkbenchError
from workbench.matrix.command import matrix
from workbench.move.command import app as move
from workbench.notebook.command import notebook
from workbench.schema.command import schema
from workbench.seed.command import seed
from workbench.serve.command import serve
from workbench.serve.manage import manage
from workbench.server import postgres
from workbench.site.command import site
from workbench.try_.command import try_

app = typer.Typer(
    name="workbench",
    help="Four ways to extend Django's User, side by side on PostgreSQL.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CHOOSE, LOOK, RUN, GROW, TEACH = (
    "Choose an approach",
    "Look closer",
    "Run the four projects",
    "Move and grow",
    "Read and teach",
)
PASSED_ON = {
    "allow_extra_args": True,
    "allow_interspersed_args": False,
    "ignore_unknown_options": True,
}

app.command(rich_help_panel=CHOOSE)(choose)
app.command(rich_help_panel=CHOOSE)(compare)
app.command("try", rich_help_panel=LOOK)(try_)
app.command(rich_help_panel=LOOK)(schema)
app.command(rich_help_panel=RUN)(serve)
app.command(rich_help_panel=RUN, context_settings=PASSED_ON)(manage)
app.command(rich_help_panel=RUN)(seed)
app.command(rich_help_panel=RUN)(matrix)
app.add_typer(move, name="move", rich_help_panel=GROW)
app.command(rich_help_panel=GROW)(bench)
app.command(rich_help_panel=TEACH)(site)
app.command(rich_help_panel=TEACH)(notebook)


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
