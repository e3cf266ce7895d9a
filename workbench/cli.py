"""The command line: the commands in their order, and how an error reaches the user."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

import psycopg
import typer
from typer.exceptions import TyperException

from workbench.bench.command import bench
from workbench.compare.choose import choose
from workbench.compare.command import compare
from workbench.diagnose.command import diagnose
from workbench.errors import WorkbenchError
from workbench.find.command import find
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

PASSED_ON = {
    "allow_extra_args": True,
    "allow_interspersed_args": False,
    "ignore_unknown_options": True,
}


def section(title: str, **commands: Callable[..., None]) -> None:
    """Put commands under a title of the help, by their names."""
    for name, command in commands.items():
        settings = PASSED_ON if command is manage else None
        app.command(name.strip("_"), rich_help_panel=title, context_settings=settings)(command)


section("Choose an approach", choose=choose, find=find, compare=compare, matrix=matrix)
section("Look closer", try_=try_, schema=schema)
section("Your own project", diagnose=diagnose)
section("Run the four projects", serve=serve, manage=manage, seed=seed)
section("Move and grow", bench=bench)
app.add_typer(move, name="move", rich_help_panel="Move and grow")
section("Read and teach", site=site, notebook=notebook)


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
        _end_unread()
    except SystemExit as end:
        # Typer and rich make this of a BrokenPipeError
        if isinstance(end.__context__, BrokenPipeError):
            _end_unread()
        raise
    except OSError as error:
        _fail(f"{error.filename or 'The system'}: {error.strerror or error}.")


def _end_unread() -> NoReturn:
    """End well: whoever read the output has seen enough, as `head -1` has."""
    # Python must not complain at its exit either
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(2)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def _command_path(error: TyperException) -> str:
    return getattr(getattr(error, "ctx", None), "command_path", "workbench")
