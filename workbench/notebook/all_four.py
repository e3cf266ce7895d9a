"""All four variants at once, each in a process and on a database of its own."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd  # type: ignore[import-untyped]

from suite import catalog
from suite.catalog import Table
from workbench.notebook import output, using
from workbench.schema.sql import pretty
from workbench.schema.tables import of_players
from workbench.server import databases, postgres, processes
from workbench.server.processes import Conversation
from workbench.variants import EXTRA_FIELDS, VARIANTS


class Answers:
    """What an expression gave in each variant, and what it asked of PostgreSQL there."""

    def __init__(self, expression: str, given: dict[str, dict[str, Any]]) -> None:
        self.expression = expression
        self.given = given

    def __repr__(self) -> str:
        return "\n".join(
            f"{name}: {its['error'] or _short(its['result'])}" for name, its in self.given.items()
        )

    def counts(self) -> dict[str, int | None]:
        """How many statements each variant ran; None where it cannot do it."""
        return {
            name: None if its["error"] else len(_done(its["statements"]))
            for name, its in self.given.items()
        }

    def _repr_html_(self) -> str:
        rows = [
            {
                "variant": name,
                "gives": its["error"] or _short(its["result"]),
                "statements": "" if its["error"] else self.counts()[name],
            }
            for name, its in self.given.items()
        ]
        return output.html_table(pd.DataFrame(rows, dtype=object))

    def statements(self) -> output.Markdown:
        """What each variant asked of PostgreSQL."""
        return output.Markdown(
            "\n\n".join(
                f"**{name}**\n\n{_fenced('sql', [pretty(one['sql']) + ';' for one in ran])}"
                for name, ran in self._by_variant()
            )
        )

    def plans(self) -> output.Markdown:
        """How PostgreSQL would run that, variant by variant."""
        return output.Markdown(
            "\n\n".join(
                f"**{name}**\n\n{_fenced('text', [one['plan'] for one in ran])}"
                for name, ran in self._by_variant()
            )
        )

    def _by_variant(self) -> list[tuple[str, list[dict[str, Any]]]]:
        return [(name, _done(its["statements"])) for name, its in self.given.items()]


class Four:
    """The four, running; each has the same players: those of the demo, and many more.

    `databases` names the database of each. Connections are open only while an answer is on its way.
    """

    def __init__(self) -> None:
        self.server = postgres.start()
        self.databases: dict[str, str] = {}
        self.running: dict[str, Conversation] = {}
        self._start()

    def ask(self, expression: str) -> Answers:
        """Evaluate an expression of Python in all four, which start again if they were stopped.

        It may use roster, User, PlayerModel (the variant's own class) and path("birthdate"), the
        way from a user to that field. Raises WorkbenchError if a variant's process ends.
        """
        self._ensure_running()
        with self._stopped_by_an_error():
            for process in self.running.values():
                process.tell(expression)
            given = {name: process.hear() for name, process in self.running.items()}
        return Answers(expression, given)

    def tables(self, variant: str) -> dict[str, Table]:
        """The tables of users and extras, as PostgreSQL has them."""
        self._ensure_running()
        with postgres.connect(self.server, self.databases[variant]) as connection:
            found = catalog.tables(connection.cursor())
        players = of_players(variant, found)
        user, *_ = players
        return {
            name: table
            for name, table in players.items()
            if name == user or {column.name for column in table.columns} & set(EXTRA_FIELDS)
        }

    def columns(self) -> pd.DataFrame:
        """Each column of these tables, and which variants have it where."""
        found: dict[str, dict[str, str]] = {}
        for variant in VARIANTS:
            for name, table in self.tables(variant).items():
                for column in table.columns:
                    found.setdefault(column.name, {})[variant] = f"{name}: {column.type}"
        frame = pd.DataFrame(found).T.reindex(columns=list(VARIANTS)).fillna("")
        return frame.rename_axis("column")

    def stop(self) -> None:
        """End the processes and drop the databases; stopping twice is harmless."""
        atexit.unregister(self.stop)
        processes.end(self.running.values())
        databases.drop(self.server, *self.databases.values())
        self.running, self.databases = {}, {}

    def _start(self) -> None:
        atexit.register(self.stop)
        with self._stopped_by_an_error():
            for name in VARIANTS:
                self.databases[name] = using.lend(self.server, name)
                self.running[name] = _evaluating(name, self.server, self.databases[name])
            for process in self.running.values():
                process.hear()

    def _ensure_running(self) -> None:
        if not self.running:
            print("The four had been stopped. They start again, each on a new database.")
            self._start()

    @contextmanager
    def _stopped_by_an_error(self) -> Iterator[None]:
        """After an error, or an interrupt, the answers on their way belong to no question."""
        try:
            yield
        except BaseException:
            self.stop()
            raise


def four() -> Four:
    """Start all four variants, which takes some seconds; they end with the kernel."""
    output.prepare_display()
    return Four()


def _evaluating(name: str, server: dict[str, str], database: str) -> Conversation:
    order = {"database": database, "demo": databases.DEMO}
    words = (f"{name} ended", "run this cell again")
    return processes.inside(name, server, "workbench.notebook.inside.evaluate", order, *words)


def _done(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in statements if not one["sql"].startswith(output.BOUNDS)]


def _short(result: Any) -> str:
    text = repr(result)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _fenced(language: str, texts: list[str]) -> str:
    return f"```{language}\n" + ("\n".join(texts) or "nothing") + "\n```"
