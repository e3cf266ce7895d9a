"""Runs the suite once per variant, each in a process of its own, and collects their answers.

    pytest                                  all four variants side by side
    pytest --variant custom_user -k login   one of them, in this process (so does --pdb)
    pytest --variant custom_user --on shop  the same on a migrated database that is there
    pytest tests                            the tests of the workbench itself, once

The engine is pytest-xdist: one worker per variant, each of which runs the whole suite.
"""

import json
import os
import sys
from pathlib import Path

import fasteners
import pytest

from workbench import files, paths, variants
from workbench.compare import answers, results
from workbench.errors import WorkbenchError
from workbench.server import postgres

ROOT = Path(__file__).parent
WORKER_VARIANT = "WORKBENCH_VARIANT"

# No test waits for ever, and PostgreSQL looks for a deadlock soon.
SESSIONS = (
    "-c statement_timeout=5min -c idle_in_transaction_session_timeout=9min -c deadlock_timeout=50ms"
)


def pytest_addoption(parser):
    parser.getgroup("workbench").addoption(
        "--variant",
        metavar="NAME",
        help=f"run the suite on this variant only: {', '.join(variants.VARIANTS)}",
    )
    parser.getgroup("workbench").addoption(
        "--answers",
        metavar="FILE",
        type=Path,
        default=answers.FILE,
        help="write the answers of a whole run to this file (default: build/comparison.json)",
    )
    parser.getgroup("workbench").addoption(
        "--may-differ",
        action="store_true",
        help="do not fail if the answers are not those in results/",
    )
    parser.getgroup("workbench").addoption(
        "--on",
        metavar="DATABASE",
        help="with --variant: run on this database, which is changed; a copy of one, say",
    )
    parser.getgroup("workbench").addoption(
        "--app", metavar="NAME", help="with --on: another app whose tables the database has"
    )


def pytest_configure(config):
    if not is_worker(config):
        if runs_suite(config):
            prepare(config)
    elif WORKER_VARIANT in os.environ:
        become(os.environ[WORKER_VARIANT])


def is_worker(config):
    return hasattr(config, "workerinput")


def runs_suite(config):
    """Whether the suite is asked for; the tests of the workbench itself know no variant."""
    if config.getoption("help") or config.getoption("version"):
        return False
    paths = [
        Path(config.invocation_params.dir, arg.split("::")[0]).resolve() for arg in config.args
    ]
    of_the_tool = [path.is_relative_to(ROOT / "tests") for path in paths]
    if any(of_the_tool) and not all(of_the_tool):
        raise pytest.UsageError(
            "Run the suite and the tests of the workbench apart: pytest, pytest tests."
        )
    return not all(of_the_tool)


def prepare(config):
    """Start PostgreSQL; then be the variant that is asked for, or let one worker each be one."""
    chosen = config.getoption("variant")
    try:
        one = variants.checked(chosen) if chosen else None
        database = config.getoption("on")
        if database and not one:
            raise pytest.UsageError("Say which variant the database is of: --variant NAME.")
        if not database:
            keep_others_out(config)
        os.environ.update(postgres.start(), PGOPTIONS=SESSIONS)
    except WorkbenchError as error:
        raise pytest.UsageError(str(error)) from None
    if database:
        config.option.reuse_db = True
        become(one, database, config.getoption("app"))
    elif one or config.getoption("usepdb") or config.getoption("collectonly"):
        become(one or variants.VARIANTS[0])
    else:
        config.option.dist = "each"
        config.option.maxworkerrestart = 0
        config.option.tx = [
            f"popen//env:{WORKER_VARIANT}={name}//id={name}" for name in variants.VARIANTS
        ]
        config.pluginmanager.register(Collector(config), "answers")


def keep_others_out(config):
    """Two runs at once on one server would drop each other's test databases."""
    lock = fasteners.InterProcessLock(files.writable(paths.data()) / "suite.lock")
    if not lock.acquire(blocking=False):
        raise pytest.UsageError("The suite is being run already: wait for that run, or stop it.")
    config.add_cleanup(lock.release)


def become(variant, database=None, app=None):
    """Be the variant in this process; raise UsageError with the reason if Django cannot be set up.

    On a database that is there already, if one is named, with the tables of this further app.
    """
    try:
        set_up(variant, database, app)
        check_postgresql()
    except pytest.UsageError:
        raise
    except Exception as error:
        raise pytest.UsageError(
            f"Django cannot be set up for {variant} ({type(error).__name__}: {error}): correct "
            "what it names, and run the suite again."
        ) from error


def set_up(variant, database, app):
    """Make `config` and `players` the variant's own in this process, and set Django up.

    xdist gives a worker the sys.path of the process that started it, whatever PYTHONPATH says:
    so the variant's folder is put first here, and what was imported is looked at.
    """
    folder = variants.path(variant)
    sys.path.insert(0, str(folder))
    os.environ.pop("DJANGO_SECRET_KEY", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

    import players

    found = Path(players.__file__).parents[1]
    if found != folder:
        raise pytest.UsageError(
            f"This process should test {variant}, but it has imported players from {found}."
        )

    import django
    from django.conf import settings

    md5 = "django.contrib.auth.hashers.MD5PasswordHasher"
    settings.PASSWORD_HASHERS = [md5, *settings.PASSWORD_HASHERS]
    if database:
        settings.DATABASES["default"]["TEST"] = {"NAME": database}
    if app:
        settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, app]
    django.setup()


def check_postgresql():
    """Raise UsageError if this Django does not run on this PostgreSQL, which it says when asked."""
    import django
    from django.db import NotSupportedError, connection

    asking = connection.copy()
    asking.settings_dict["NAME"] = "postgres"
    try:
        asking.ensure_connection()
    except NotSupportedError as error:
        raise pytest.UsageError(
            f"Django {django.get_version()} refuses this server, because "
            f"{str(error).rstrip('.')}: use a newer one, or unset PGHOST and WORKBENCH_POSTGRESQL "
            "for the embedded one."
        ) from error
    finally:
        asking.close()


class Collector:
    """In the process that started the workers: puts their answers together."""

    def __init__(self, config):
        self.whole = config.args == config.getini("testpaths")
        self.may_differ = config.getoption("may_differ")
        self.file = config.getoption("answers")
        self.sent = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_testnodedown(self, node, error):
        """Keep a worker's answers; raise UsageError with its reason if it could not begin."""
        if not error:
            self.sent[node.gateway.id] = json.loads(node.workeroutput["answers"])
        elif not hasattr(node, "workerinfo"):  # which xdist gives to a worker that is ready
            reason = str(error).strip().splitlines()[-1]
            raise pytest.UsageError(reason.rpartition("UsageError: ")[2])

    def pytest_sessionfinish(self, session):
        """Fail a whole run in the recorded environment whose answers are not the recorded ones."""
        if self.whole and not self.may_differ and answers.is_whole(self.sent):
            measured = answers.put_together(self.sent)
            if results.is_recorded_here(measured) and results.changes(measured):
                session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if not self.sent:
            return
        measured = answers.put_together(self.sent)
        rows = list(answers.summary(measured))
        width = max(len(area) for area, *_ in rows)
        terminalreporter.section("comparison", sep="-")
        terminalreporter.write_line(f"{'area':<{width}}  questions  differ")
        for area, questions, differing in rows:
            terminalreporter.write_line(f"{area:<{width}}  {questions:>9}  {differing:>6}")
        if self.whole and answers.is_whole(self.sent):
            files.write_json(self.file, measured)
            terminalreporter.write_line(f"The answers are in {os.path.relpath(self.file)}.")
            for line in results.told(measured):
                terminalreporter.write_line(line)
        else:
            terminalreporter.write_line("Not every question of every variant: nothing is written.")
