"""The reference of the command line, as the commands' own help has it."""

import subprocess
import sys


def commands() -> str:
    """Return Markdown: a section for each command, with its usage, arguments and options."""
    # a process of its own, as the command line imports what builds the site
    options = ("utils", "docs", "--name", "workbench")
    docs = subprocess.run(
        [sys.executable, "-m", "typer", "workbench.cli", *options],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    _, heading, sections = docs.partition("\n## ")
    return heading.lstrip() + sections
