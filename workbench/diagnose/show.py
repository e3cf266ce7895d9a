"""A diagnosis on a terminal, and as one page of HTML."""

from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from workbench import files
from workbench.diagnose.report import Report

PAGE = Path(__file__).with_name("page.html.j2")
COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def show(console: Console, report: Report) -> None:
    """Print a diagnosis."""
    for word, what in report.sources():
        console.print(Text.assemble((f"{word:>10}  ", "dim"), what), soft_wrap=True)
    for note in report.notes:
        console.print(Text(note, style="yellow"))
    _title(console, "Approaches in use")
    for approach in report.approaches:
        line = Text.assemble((approach.model, "bold"), f" is {approach.text}")
        console.print(Padding(line, (0, 0, 0, 2)))
        console.print(Padding(Text(str(approach.place), style="dim"), (0, 0, 0, 4)))
    if not report.approaches:
        console.print("  Django's own user, without extra fields of the project's own.")
    _title(console, f"Findings ({len(report.findings)})")
    _print_findings(console, report)
    _title(
        console, f"Your own column (measured on Django {report.comparison['versions']['Django']})"
    )
    grid = Table(show_header=False, box=None, padding=(0, 2))
    grid.add_column(ratio=3)
    grid.add_column(ratio=2)
    for row in report.column:
        grid.add_row(Text(row.question), Text(row.text(report.comparison)))
    console.print(grid)
    _title(console, "Moves that are possible")
    for move in report.moves:
        console.print(Text.assemble("  to ", (move.to, "bold")))
        for word, what in (("keeps", move.keeps), ("costs", move.costs)):
            console.print(Padding(Text.assemble((f"{word}: ", "dim"), what), (0, 0, 0, 4)))
        for what in move.in_the_way or ["nothing"]:
            console.print(Padding(Text.assemble(("in the way: ", "dim"), what), (0, 0, 0, 4)))
    if not report.moves:
        console.print("  None: users of several kinds have tables of their own.")
    console.print(Text(f"\nRead in {report.read['seconds']} s. Nothing was written.", style="dim"))


def _title(console: Console, title: str) -> None:
    console.print(Text(f"\n{title}", style="bold underline"))


def _print_findings(console: Console, report: Report) -> None:
    for finding in report.findings:
        colour = COLOURS[finding.severity]
        console.print(Text.assemble((f"  {finding.severity}", colour), f"  {finding.title}."))
        lines = [("", finding.why), ("", finding.fix)]
        lines += [("", line) for line in finding.sql.splitlines()]
        lines += [("found by ", line) for line in [" ".join(finding.query.split())] if line]
        lines += [("at ", str(place)) for place in finding.places[:5]]
        if more := len(finding.places) - 5:
            lines += [("", f"and {more} more places")] * (more > 0)
        lines.append(("see ", f"`workbench compare --question {finding.question}`"))
        lines.append(("id ", finding.key))
        for word, what in lines:
            console.print(Padding(Text.assemble((word, "dim"), what), (0, 0, 0, 4)))
    if not report.findings:
        console.print("  Nothing was found.")
    if report.ignored:
        console.print(Text(f"  {report.ignored} more are ignored by pyproject.toml.", style="dim"))


def html(report: Report) -> str:
    """Return a diagnosis as one page that needs no other file and no network."""
    answers = [(row.question, row.text(report.comparison)) for row in report.column]
    return files.template(PAGE).render(report=report, answers=answers)
