"""Runs manage.py of throw-away projects: a fork of a process that has Django imported already.

Importing Django is four fifths of a short command's time. Nothing of a project is imported before
the fork: settings and models are the copy's own, in a process of its own.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path

PATIENCE = 120  # seconds for a command

# What nearly every command imports, and what asks for no settings.
AHEAD = """
    argon2 psycopg django.forms django.template.loader django.test django.views.generic
    django.core.mail django.core.management.commands.check
    django.core.management.commands.inspectdb django.core.management.commands.makemigrations
    django.core.management.commands.migrate django.core.management.commands.sqlmigrate
    django.db.backends.postgresql.base django.db.models django.contrib.admin.utils
    django.contrib.admin.options
"""


class Nursery:
    """The process that forks, started with the first command; it ends with this one."""

    def __init__(self):
        self.process = None

    def run(self, folder, arguments, typed):
        """Run manage.py in `folder`; returns its exit code, what it printed, and its errors."""
        if not hasattr(os, "fork"):  # Windows
            command = [sys.executable, "manage.py", *arguments]
            ended = subprocess.run(
                command, cwd=folder, env=environment(), input=typed, capture_output=True, text=True
            )
            return ended.returncode, ended.stdout, ended.stderr
        with tempfile.TemporaryDirectory() as files:
            stdin, stdout, stderr = (Path(files, name) for name in ("in", "out", "err"))
            stdin.write_text(typed)
            code = self.order(str(folder), arguments, [str(stdin), str(stdout), str(stderr)])
            return code, stdout.read_text(), stderr.read_text()

    def order(self, *order):
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, __file__],
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


def environment():
    return {
        **os.environ,
        "PYTHONPATH": "",
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "1",  # a copy's files may change twice within a second
    }


def import_ahead():
    for name in AHEAD.split():
        try:
            import_module(name)
        except Exception:  # it asks for settings in this version: then not ahead
            continue


def manage(folder, arguments, files):
    """Be manage.py in this process; returns the exit code."""
    for number, (name, flags) in enumerate(
        zip(files, (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT), strict=True)
    ):
        os.dup2(os.open(name, flags), number)
    signal.alarm(PATIENCE)
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv = ["manage.py", *arguments]
    try:
        runpy.run_path("manage.py", run_name="__main__")
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main():
    import_ahead()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = manage(*json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
