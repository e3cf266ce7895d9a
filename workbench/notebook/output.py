"""Looking at what ran: results as tables, statements and plans as text that one can read."""

import inspect
from collections.abc import Sequence
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
from IPython.core.getipython import get_ipython
from IPython.display import display

from workbench.schema.sql import pretty

# what shows where a transaction begins and ends, and is not counted
BOUNDS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
# JupyterLab would put everything to the right
LEFT = 'style="text-align: left"'

_show = False


class Markdown(str):
    """A text that is shown as Markdown."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return str(self)


class Verdict(Markdown):
    """What is said of a learner's answer; what stands before the colon is bold."""

    def _repr_markdown_(self) -> str:
        word, _, rest = self.partition(":")
        return f"**{word}:**{rest}"


class Plan(Markdown):
    """A plan as PostgreSQL prints it."""

    def _repr_markdown_(self) -> str:
        return f"```text\n{self}\n```"


class Ran:
    """What PostgreSQL was asked, in order, with values; without times and salts, which vary."""

    def __init__(self, statements: Sequence[str]) -> None:
        self.all = list(statements)

    def __len__(self) -> int:
        """How many statements, BEGIN, COMMIT and savepoints not counted."""
        return sum(not statement.startswith(BOUNDS) for statement in self.all)

    def __str__(self) -> str:
        return "\n".join(f"{pretty(statement)};" for statement in self.all)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        count = f"*{len(self) or 'No'} statement{'' if len(self) == 1 else 's'}*"
        return f"{count}\n\n```sql\n{self}\n```" if self.all else count


def sql(statement: str, *values: Any) -> pd.DataFrame:
    """Send a statement to the variant's database; what comes back as a table.

    Each %s in the statement stands for the next of the values.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        # without values, a percent sign is a percent sign
        cursor.execute(statement, values or None)
        if cursor.description is None:
            return table([{"rows": cursor.rowcount}])
        names = [column.name for column in cursor.description]
        return pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)


def table(rows: Any) -> pd.DataFrame:
    """Rows of any kind as a table: dicts, objects of a model, a queryset of either."""
    return pd.DataFrame([_row(row) for row in rows], dtype=object)


def explain(query: Any, **options: Any) -> Plan:
    """How PostgreSQL would run a queryset or a statement: its plan, without the costs.

    options are those of EXPLAIN; with analyze=True it is run (PostgreSQL 18 docs, EXPLAIN).
    """
    from workbench.inside.record_sql import steady

    options = {"costs": False} | options
    if not isinstance(query, str):
        return Plan(steady(query.explain(**options)))
    words = ", ".join(f"{name} {'ON' if value else 'OFF'}" for name, value in options.items())
    return Plan(steady("\n".join(sql(f"EXPLAIN ({words}) {query}").iloc[:, 0])))


def source(thing: Any) -> Markdown:
    """Show the code of a class or function as it stands in its file."""
    return Markdown(f"```python\n{inspect.getsource(thing).rstrip()}\n```")


def picture(axes: Any, alt: str) -> None:
    """Show a chart of matplotlib's, with these words for those who do not see it."""
    # it takes as long to import as all the rest, and few kernels draw
    from matplotlib import pyplot

    figure = axes.get_figure()
    figure.tight_layout()
    display(figure, metadata={"image/png": {"alt": alt}})  # type: ignore[no-untyped-call]
    pyplot.close(figure)


def ran() -> Ran:
    """The statements that this cell has run so far, or since it called show_sql()."""
    from django.db import connection

    from workbench.inside.record_sql import steady

    return Ran([steady(query["sql"]) for query in connection.queries])


def show_sql() -> None:
    """Let this cell show, below its result or its error, the statements that it runs from here on.

    ran() counts from here too, so a cell can first put back what an earlier run of it changed.
    """
    from django.db import connection

    global _show
    connection.queries_log.clear()
    _show = True


def prepare_display() -> None:
    """Show query results as tables, and of an error what it says: `%tb Context` shows where."""
    from django.db.models import Model, QuerySet

    shell = get_ipython()
    if shell is None:
        return
    shell.InteractiveTB.set_mode("Minimal")
    assert shell.display_formatter is not None
    html = shell.display_formatter.formatters["text/html"]
    html.for_type(pd.DataFrame, html_table)
    html.for_type(QuerySet, lambda rows: html_table(table(rows)))
    # Django's own repr() would send a statement of its own
    plain = shell.display_formatter.formatters["text/plain"]
    plain.for_type(QuerySet, lambda rows, printer, cycle: printer.text(str(table(rows))))
    html.for_type(Model, lambda row: html_table(table([row])))
    html.for_type(list, _dicts)


def watch() -> None:
    """Keep the statements of each cell apart from now on."""
    from django.db import connection

    connection.force_debug_cursor = True
    shell = get_ipython()
    if shell is not None and _before_a_cell not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _before_a_cell)
        shell.events.register("post_run_cell", _after_a_cell)


def html_table(frame: pd.DataFrame) -> str:
    """A table whose headers say that they are headers."""
    frame = frame if frame.index.name is None else frame.reset_index()
    text: str = frame.to_html(index=False, border=0, max_rows=60)
    for pandas_own in (' style="text-align: right;"', ' class="dataframe"', "&lt;NA&gt;"):
        text = text.replace(pandas_own, "")
    return text.replace("<th>", f'<th scope="col" {LEFT}>').replace("<td>", f"<td {LEFT}>")


def _before_a_cell(*_: Any) -> None:
    from django.db import connection

    global _show
    _show = False
    connection.queries_log.clear()


def _after_a_cell(*_: Any) -> None:
    if _show:
        display(ran())  # type: ignore[no-untyped-call]


def _row(row: Any) -> dict[str, Any]:
    """A row by column; of a model's object what was loaded, so that nothing is asked for it."""
    if isinstance(row, dict):
        return row
    deferred = row.get_deferred_fields()
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in deferred}


def _dicts(rows: Sequence[Any]) -> str | None:
    """A list of dicts as a table; any other list as it is."""
    if rows and all(isinstance(row, dict) for row in rows):
        return html_table(table(rows))
    return None
