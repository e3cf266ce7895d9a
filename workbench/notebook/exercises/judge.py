"""Trying an answer: called on fresh users, and compared with what the exercise's own SQL does."""

import inspect
import io
import signal
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import psycopg

from workbench.notebook.exercises import faults, fresh
from workbench.notebook.exercises.faults import Exercise, Outcome
from workbench.server import postgres

Answer = Callable[..., Any]

with (Path(__file__).parent / "exercises.toml").open("rb") as file:
    EXERCISES: dict[str, Exercise] = tomllib.load(file)

# what bounds a part of a transaction is not counted
BOUNDS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


class OutOfTime(BaseException):
    """A call takes too long. It is no Exception, because the learner's code may catch those."""


def fault(name: str, answer: Any) -> str | None:
    """Return what is wrong with the answer to the exercise of that name, or None.

    The sentence does not tell the right answer. The learner's database stays as it is.
    Raises WorkbenchError if no database can be made to try the answer on.
    """
    exercise = EXERCISES[name]
    refused = _refused(name, exercise, answer)
    if refused:
        return refused
    with fresh.database() as held:
        tried = (_tried(held, name, users, answer) for users in exercise["users"])
        return next(filter(None, tried), None)


def _tried(
    held: postgres.Connection, name: str, users: Mapping[str, Any], answer: Answer
) -> str | None:
    """Return what is wrong with the first call on these users that goes wrong."""
    exercise = EXERCISES[name]
    expected = _by_sql(held, exercise, users, exercise["sql"])
    fresh.fill(held, users)
    before, schema = fresh.rows(held), fresh.schema(held)
    for number, (arguments, right) in enumerate(zip(exercise["arguments"], expected, strict=True)):
        what = f"`{name}({', '.join(map(repr, arguments))})`"
        what = what if "call" in exercise else "the expression"
        got = _called(answer, arguments)
        got.rows = fresh.rows(held)
        if got.error:
            return f"{users['with']}, {what} {got.error}"
        if said := faults.of_kind(exercise, got):
            return f"{what} {said}"
        if fresh.schema(held) != schema:
            return f"{what} changes the tables themselves. The task is about their rows."
        if not got.is_as(right):
            said = (
                faults.of_no_question(got, right)
                or _known(held, exercise, users, number, got)
                or faults.of_result(exercise, got, right, _keys(held, exercise, users))
                or faults.of_rows(got.rows, right.rows, before)
            )
            return f"{users['with']}, {what} {said}"
        if said := faults.of_cost(exercise, got, right):
            return f"{what} {said}"
        before = right.rows
    return None


def fault_of_expression(name: str, expression: str) -> str | None:
    """Return the same of an expression of Python, which may use what `variants.ask` knows."""
    from datetime import date

    from suite import variant

    known = {key: getattr(variant, key) for key in ("User", "PlayerModel", "roster", "path")}
    return fault(name, lambda: eval(expression.strip(), known | {"date": date}))


def _refused(name: str, exercise: Exercise, answer: Any) -> str | None:
    """Return why the answer cannot be called as the task says."""
    if not callable(answer):
        return f"check() needs the function itself, without parentheses: `check({name!r}, {name})`."
    if inspect.iscoroutinefunction(answer):
        return f"`{name}` is an async function. Write `def`, not `async def`."
    try:
        inspect.signature(answer).bind(*exercise["arguments"][0])
    except TypeError:
        return f"`{name}` takes other arguments. Write `def {exercise['call']}:`."
    except ValueError:
        pass  # a function of C does not say what it takes
    return None


def _called(answer: Answer, arguments: Sequence[Any]) -> Outcome:
    """Call the answer, for a limited time."""
    from django.db import connection

    fresh.connect()
    outcome, printed, began = Outcome(), io.StringIO(), time.monotonic()

    def count(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if str(sql).lstrip().upper().startswith(BOUNDS):
            return execute(sql, params, many, context)
        outcome.statements += len(params) if many else 1
        done = execute(sql, params, many, context)
        if context["cursor"].description:
            outcome.fetched += context["cursor"].rowcount
        return done

    try:
        with _time_limit(), redirect_stdout(printed), connection.execute_wrapper(count):
            outcome.result = answer(*arguments)
    except (Exception, SystemExit, OutOfTime) as error:
        first, *_ = str(error).splitlines() or [""]
        outcome.error = f"ends in `{type(error).__name__}: {first}`."
    # what it has not committed is lost
    connection.close()
    if time.monotonic() - began > fresh.PATIENCE:
        outcome.error = (
            f"has no answer after {fresh.PATIENCE:g} seconds. Is there a loop that never ends?"
        )
    outcome.printed = printed.getvalue()
    return outcome


@contextmanager
def _time_limit() -> Iterator[None]:
    """Raise OutOfTime in the block, again and again, once it has run for too long."""

    def stop(*_: Any) -> None:
        raise OutOfTime

    try:
        before = signal.signal(signal.SIGALRM, stop)
    except ValueError:  # only a process's main thread hears signals
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, fresh.PATIENCE, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _by_sql(
    held: postgres.Connection, exercise: Exercise, users: Mapping[str, Any], statement: str
) -> list[Outcome]:
    """Return what comes of the calls on these users if this statement answers them."""
    fresh.fill(held, users)
    parameters = exercise.get("call", "()").partition("(")[2].rstrip(")").split(", ")
    outcomes = []
    for arguments in exercise["arguments"]:
        values = dict(zip(parameters, arguments, strict=False))
        cursor = held.execute(statement.format(**fresh.names()), values or None)
        while cursor.nextset():
            pass  # the last statement has the result
        result = _shaped(exercise["returns"], cursor)
        outcomes.append(Outcome(result, fetched=cursor.rowcount, rows=fresh.rows(held)))
    return outcomes


def _shaped(returns: str, cursor: Any) -> Any:
    """Return the result of a statement in the form in which an answer returns it."""
    if cursor.description is None:
        return cursor.rowcount
    found = cursor.fetchall()
    if returns == "dict":
        return dict(found)
    if returns == "list":
        return [row[0] for row in found]
    return found[0][0] if found else None


def _known(
    held: postgres.Connection,
    exercise: Exercise,
    users: Mapping[str, Any],
    number: int,
    got: Outcome,
) -> str | None:
    """Return what the exercise says of the mistake that gives this outcome at this call."""
    so_far = dict(exercise) | {"arguments": exercise["arguments"][: number + 1]}
    for statement, sentence in exercise["mistakes"]:
        try:
            if _by_sql(held, so_far, users, statement)[-1].is_as(got):
                return str(sentence)
        except psycopg.Error:
            continue  # this mistake cannot be made with these arguments
    return None


def _keys(
    held: postgres.Connection, exercise: Exercise, users: Mapping[str, Any]
) -> dict[str, Any]:
    """Return each username with the value by which the task sorts."""
    if "key" not in exercise:
        return {}
    fresh.fill(held, users)
    return dict(held.execute(exercise["key"].format(**fresh.names())).fetchall())
