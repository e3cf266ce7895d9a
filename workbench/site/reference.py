"""The reference of the command line, as the commands' own help has it."""

import typer
from typer.cli import get_docs_for_click


def commands() -> str:
    """Markdown: a section for each command, with its usage, arguments and options."""
    from workbench.cli import app  # which imports the site's builder

    program = typer.main.get_command(app)
    docs = get_docs_for_click(obj=program, ctx=typer.Context(program), name="workbench")
    _, heading, sections = docs.partition("\n## ")
    return heading.lstrip() + sections
