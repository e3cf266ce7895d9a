"""What is wrong with an outcome, in words that help and do not tell the right answer.

Each function returns the end of a sentence that begins with the call, or None.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from workbench.notebook.exercises.fresh import Rows

# an exercise, as exercises.toml has it
Exercise = Mapping[str, Any]

WANTED = {
    "list": "a list of usernames",
    "dict": "a dict",
    "number": "a number",
    "name": "a username",
}
# what else a result may be: what to do about it
INSTEAD = {
    "DataFrame": 'Take a column of it: `["username"].tolist()`.',
    "Series": "Add `.tolist()`.",
    "coroutine": "Leave out `async`, and call the method without an `a` before its name.",
}


@dataclass
class Outcome:
    """What came of a call: its result or error, what it printed, what it asked of PostgreSQL."""

    result: Any = None
    error: str | None = None
    printed: str = ""
    statements: int = 0
    fetched: int = 0
    rows: Rows = field(default_factory=dict)

    def is_as(self, other: "Outcome") -> bool:
        """Whether result and tables are the same."""
        return bool(self.result == other.result) and self.rows == other.rows


def of_kind(exercise: Exercise, got: Outcome) -> str | None:
    """Of a call that returns another kind of thing than the task asks for."""
    if got.result is ... or (got.result is None and exercise["returns"] != "name"):
        if got.printed:
            return "prints its answer. Return it instead."
        return "returns nothing. End it with `return`."
    return globals()[f"_not_a_{exercise['returns']}"](got)  # type: ignore[no-any-return]


def _not_a_list(got: Outcome) -> str | None:
    if not isinstance(got.result, list):
        return _kind(got.result, "list")
    for one in got.result:
        if isinstance(one, tuple):
            return "returns a list of tuples. Add `flat=True` to `values_list()`."
        if not isinstance(one, str):
            return (
                f"returns a list of {type(one).__name__} objects. The task asks for usernames: "
                '`values_list("username", flat=True)`.'
            )
    return None


def _not_a_dict(got: Outcome) -> str | None:
    if not isinstance(got.result, Mapping):
        return _kind(got.result, "dict")
    if not all(isinstance(key, str) for key in got.result):
        return "returns a dict whose keys are not letters."
    if not all(isinstance(value, Real) for value in got.result.values()):
        return "returns a dict whose values are not numbers."
    got.result = dict(got.result)
    return None


def _not_a_number(got: Outcome) -> str | None:
    if isinstance(got.result, Real) and not isinstance(got.result, bool):
        return None
    if isinstance(got.result, tuple):
        return (
            "returns a tuple. `delete()` returns how many rows it deleted and a dict: the task "
            "asks for one number."
        )
    return _kind(got.result, "number")


def _not_a_name(got: Outcome) -> str | None:
    if got.result is None or isinstance(got.result, str):
        return None
    return _kind(got.result, "name")


def _kind(result: Any, wanted: str) -> str:
    """Say what the result is, and how to make of it what the task asks for."""
    kind = type(result).__name__
    said = f"returns {'an' if kind[0] in 'aeiouAEIO' else 'a'} {kind}."
    if kind in INSTEAD:
        return f"{said} {INSTEAD[kind]}"
    if wanted in ("list", "dict") and isinstance(result, Iterable) and not isinstance(result, str):
        return f"{said} Wrap it in `{wanted}()`."
    return f"{said} The task asks for {WANTED[wanted]}."


def of_no_question(got: Outcome, right: Outcome) -> str | None:
    """Of an answer that is written down, or kept from before."""
    if got.statements == 0 and right.result:
        return "asks PostgreSQL nothing, so it cannot know the users."
    return None


def of_result(
    exercise: Exercise, outcome: Outcome, wanted: Outcome, keys: Mapping[str, Any]
) -> str | None:
    """Of a wrong result. keys: each username with the value by which the task sorts."""
    got, right = outcome.result, wanted.result
    if got == right:
        return None
    if exercise["returns"] == "list":
        return _wrong_list(exercise, got, right, keys)
    if exercise["returns"] == "dict":
        return _wrong_dict(got, right)
    if exercise["returns"] == "name" and got in keys:
        return _by_key(exercise, [got], [right], keys) or "gives the wrong user."
    if got is None:
        return "gives None, though there is such a user."
    if exercise["returns"] == "name":
        return "gives what is no user's username."
    return f"returns a number that is too {'low' if got < right else 'high'}."


def _wrong_list(
    exercise: Exercise, got: list[str], right: list[str], keys: Mapping[str, Any]
) -> str:
    if any(one not in keys for one in got):
        return "returns what is no user's username."
    if len(set(got)) < len(got):
        return "returns a username twice."
    if len(got) > 1 and got == right[::-1]:
        return "returns the right usernames in the reverse order."
    said = _by_key(exercise, got, right, keys)
    if said:
        return said
    if sorted(got) == sorted(right):
        return "returns the right usernames in the wrong order."
    if len(got) != len(right):
        return f"returns too {'few' if len(got) < len(right) else 'many'} usernames."
    return "returns the wrong usernames."


def _by_key(
    exercise: Exercise, got: list[str], right: list[Any], keys: Mapping[str, Any]
) -> str | None:
    """Of users that the task leaves out, and of users whose values are equal."""
    if "null" in exercise and any(keys[one] is None for one in got):
        return str(exercise["null"])
    if "ties" in exercise and [keys[one] for one in got] == [keys.get(one) for one in right]:
        return str(exercise["ties"])
    return None


def _wrong_dict(got: dict[str, Any], right: dict[str, Any]) -> str:
    if got.keys() - right.keys():
        return "has a key too many."
    if right.keys() - got.keys():
        return "leaves out a key."
    wrong = next(key for key in right if got[key] != right[key])
    return f"counts too {'few' if got[wrong] < right[wrong] else 'many'} for a key."


def of_rows(got: Rows, right: Rows, before: Rows) -> str | None:
    """Of tables that are not as they should be."""
    return next((said for name in right for said in _of_table(name, got, right, before)), None)


def _of_table(name: str, got: Rows, right: Rows, before: Rows) -> Iterator[str]:
    """Yield what is wrong with a table."""
    mine, wanted, old = got[name], right[name], before[name]
    for key in wanted.keys() - mine.keys():
        if key in old:
            yield f"deletes a row of `{name}` that must stay."
        else:
            yield f"does not create every row of `{name}` that is missing."
    for key in mine.keys() - wanted.keys():
        if key in old:
            yield f"leaves a row of `{name}` that must go."
        else:
            yield f"creates a row of `{name}` that the task does not ask for."
    for key in wanted:
        for column in wanted[key].keys() | mine[key].keys():
            if mine[key].get(column) != wanted[key].get(column):
                if wanted[key].get(column) == old.get(key, {}).get(column):
                    yield f"also changes `{name}.{column}`, which must stay as it was."
                else:
                    yield f"does not set `{name}.{column}` as the task says."


def of_cost(exercise: Exercise, got: Outcome, right: Outcome) -> str | None:
    """Of a right result that costs too much."""
    if got.statements > exercise["statements"]:
        allowed = exercise["statements"]
        return f"does what it should, but sends {got.statements} statements. The task allows " + (
            "1." if allowed == 1 else f"{allowed}, not one for each user."
        )
    if "rows" in exercise and got.fetched > right.fetched:
        return str(exercise["rows"])
    return None
