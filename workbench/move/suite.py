"""The target's shared suite on a copy of the moved database."""

import os
import re
import subprocess
import sys

from workbench.move.report import Check
from workbench.move.run import Server, copied, drop
from workbench.places import PROJECT

PLAIN = "suite/plain"


def suite(server: Server, variant: str, database: str, *paths: str) -> Check:
    """Run it; the database itself stays as it is. paths: which part of the suite."""
    copy = f"{database}_suite"
    copied(server, database, copy)
    try:
        return ran(variant, copy, server, paths or (PLAIN,))
    finally:
        drop(server, copy)


def ran(variant: str, copy: str, server: Server, paths: tuple[str, ...]) -> Check:
    """What pytest says of the variant on the database."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--variant", variant, "--on", copy),
            *("--app", "moves.world"),
            *("-q", "--tb=line", "--color=no", "-p", "no:cacheprovider", *paths),
        ],
        cwd=PROJECT,
        env=environment(server),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.strip().splitlines() or [done.stderr.strip()[-300:] or "it said nothing"]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    number = re.search(r"(\d+) passed", lines[-1])
    passed = f"{number[1] if number else 0} tests passed"
    return Check("suite", passed, failed or ([lines[-1]] if done.returncode else []))


def environment(server: Server) -> dict[str, str]:
    """This process's environment, with the server that it uses."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PG", "DJANGO_"))
    }
    return kept | dict(server)
