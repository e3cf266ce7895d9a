"""What `workbench shards` found, as Markdown."""

import textwrap
from collections.abc import Iterable
from typing import Any

from workbench.shards.command import definition
from workbench.variants import VARIANTS

Found = dict[str, Any]


class Shards:
    """The last run's result; each method gives Markdown, inline or for a line of its own."""

    def __init__(self, found: Found) -> None:
        self._found = found

    # inline

    def __getitem__(self, name: str) -> Any:
        """A part of the result as it is."""
        return self._found[name]

    def seconds(self, *parts: str) -> str:
        """What the move took, or the named parts of it."""
        its = self._found["moved"]["seconds"]
        return f"{sum(its[part] for part in parts or its):.1f}"

    def fewest(self) -> list[str]:
        """The variants of which PostgreSQL refuses the fewest keys."""
        counts = {variant: len(self._refused(variant)) for variant in VARIANTS}
        return [variant for variant, count in counts.items() if count == min(counts.values())]

    def only_in(self, table: str) -> list[str]:
        """The variants of which it refuses a key of that table."""
        return [
            variant
            for variant in VARIANTS
            if any(its["table"] == table for its, _ in self._refused(variant))
        ]

    # blocks

    def summary(self) -> str:
        """A row for each variant: its tables, and how many of their keys survive."""
        lines = ["| variant | tables | keys | refused | helped by a wider key | left to a claim |"]
        lines.append("| --- " * 6 + "|")
        for variant in VARIANTS:
            tables = self._found["schemas"][variant]
            refused = self._refused(variant)
            wider = sum(_is_helped(key) for _, key in refused)
            keys = sum(len(table["keys"]) for table in tables)
            counts = (len(tables), keys, len(refused), wider, len(refused) - wider)
            lines.append(f"| {variant} | {' | '.join(map(str, counts))} |")
        return "\n".join(lines)

    def keys(self, variant: str) -> str:
        """A row for each key of a variant's tables: does it survive, and what helps."""
        lines = ["| table, by | key | PostgreSQL | instead |", "| --- | --- | --- | --- |"]
        for table in self._found["schemas"][variant]:
            for key in table["keys"]:
                helped = f"`{definition(key['instead'])}`" if _is_helped(key) else ""
                lines.append(
                    f"| `{table['table']}`, `{table['by']}` | `{definition(key['trial'])}` "
                    f"| {_outcome(key['trial'])} | {helped} |"
                )
        return "\n".join(lines)

    def reasons(self) -> str:
        """PostgreSQL's reasons for refusing keys of the users' table, word for word."""
        said = {
            trial["error"]: trial["sql"]
            for variant in VARIANTS
            for _, key in self._refused(variant)[:2]
            for trial in [key["trial"]]
        }
        return "\n\n".join(_fenced(f"{sql};\n-- {error}", "sql") for error, sql in said.items())

    def day(self) -> str:
        """What a site did, in order, and what came of it."""
        lines = ["| tried | PostgreSQL |", "| --- | --- |"]
        for trial in self._found["day"].values():
            result = ", ".join(" ".join(map(str, row)) for row in trial["rows"])
            said = trial["error"] or (f"`{result}`" if result else "nothing")
            lines.append(f"| {trial['what']} | {_state(trial)}{said} |")
        return "\n".join(lines)

    def ids(self) -> str:
        """Where ids come from, each statement with what it gave."""
        return "\n\n".join(
            _fenced(f"-- {its['what']}: {_result(its)}\n{its['sql']};", "sql")
            for its in self._found["ids"].values()
        )

    def calls(self) -> str:
        """The variant's own code, call by call."""
        lines = ["| call | what came of it |", "| --- | --- |"]
        for its in self._found["calls"].values():
            answer = its["error"] or f"`{its['result']}`"
            lines.append(f"| `{_cell(its['call'])}` | {_cell(answer)} |")
        return "\n".join(lines)

    def models(self) -> str:
        """What Django's checks say of models."""
        return "\n\n".join(map(_model, self._found["models"].values()))

    def _refused(self, variant: str) -> list[tuple[Found, Found]]:
        return [
            (table, key)
            for table in self._found["schemas"][variant]
            for key in table["keys"]
            if key["trial"]["sqlstate"]
        ]


def _is_helped(key: Found) -> bool:
    return bool(key["instead"]) and not key["instead"]["sqlstate"]


def _outcome(trial: Found) -> str:
    return f"refuses it: `{trial['sqlstate']}`" if trial["sqlstate"] else "takes it"


def _state(trial: Found) -> str:
    return f"refused, `{trial['sqlstate']}`: " if trial["sqlstate"] else ""


def _result(trial: Found) -> str:
    rows = ", ".join(" ".join(map(str, row)) for row in trial["rows"])
    return str(trial["error"] or rows or "done")


def _model(its: Found) -> str:
    said = its["error"] or its["result"]
    lines: Iterable[str] = [said] if isinstance(said, str) else said or ["nothing to say"]
    answer = "\n".join(f"# {line}" for line in lines)
    asked = f"{its['question']}\n{answer}"
    return _fenced("\n\n".join(filter(None, [its["source"], asked])), "python")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _fenced(text: str, language: str) -> str:
    return f"```{language}\n{textwrap.dedent(text).strip()}\n```"
