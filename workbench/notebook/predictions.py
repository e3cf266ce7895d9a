"""What the learner predicts before a cell runs, and whether the result agrees.

predict(27)               # in a cell of its own; predict(...) is the empty one

names = [user.username for user in User.objects.all()]
compare(len(ran()))       # in the cell that answers
"""

from datetime import date
from numbers import Number
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from workbench.errors import WorkbenchError
from workbench.notebook import output
from workbench.notebook.answers import Measured

SHAPES = 'a number, "yes" or "no", a name, one of the choices such as "b", or a list of these'
UNPREDICTED = " You made no prediction. Write one instead of `...` in predict() above."

# the prediction, and the cell that it was compared in; Ellipsis stands for none
_prediction: Any = ...
_compared_in: str | None = None
# the cell that is running: its id where the editor sends one, otherwise its text
_cell: str | None = None


class Compared(output.Verdict):
    """What compare() says; `right` is None if there was no prediction."""

    right: bool | None = None


def predict(value: Any) -> output.Markdown | None:
    """Keep what the learner expects, for the next cell that calls compare().

    value is a number, "yes" or "no" (or True and False), a name, one of the choices such as "b",
    or a list of these. `...` means no prediction and forgets the last one. Returns what was kept.
    Raises WorkbenchError if value is anything else.
    """
    global _prediction, _compared_in
    _prediction, _compared_in = ..., None
    if value is ...:
        return None
    if not _is_plain(value):
        raise WorkbenchError(f"predict() takes {SHAPES}.")
    _prediction = value
    _notice_cells()
    return output.Markdown(f"You predict {_said(value)}. Now run the next code.")


def compare(result: Any, answer: Any = ...) -> Compared | Measured:
    """Show the result, and whether the learner predicted it.

    answer is what the prediction must equal, if that is not the result itself: for example
    `compare(plan, "Index Scan" in plan)`. Of a measured() card it is the answer of this kernel's
    variant; a card without answers is only shown. Upper and lower case are the same. The order of
    a list counts, unless one of the two is a set. A prediction belongs to the first cell that
    compares it, so no other cell takes it for its own, and the same cell run again says the same.
    Without a prediction, compare() says so and shows the result.
    Raises WorkbenchError if the answer is nothing that can be predicted.
    """
    global _compared_in
    if isinstance(result, Measured):
        if not result.answers:
            return result
        answer = result.own() if answer is ... else answer
    if answer is ...:
        answer = result
    else:
        display(result)  # type: ignore[no-untyped-call]
    if not _is_plain(answer):
        raise WorkbenchError(f"compare(result, answer) needs an answer that is {SHAPES}.")
    if _prediction is ... or _compared_in not in (None, _cell):
        return Compared(f"The answer: {_said(answer)}.{UNPREDICTED}")
    _compared_in = _cell
    if _agree(_prediction, answer):
        verdict = Compared(f"As you predicted: {_said(answer)}.")
    else:
        verdict = Compared(
            f"Not as you predicted: the answer is {_said(answer)}. "
            f"You predicted {_said(_prediction)}."
        )
    verdict.right = verdict.startswith("As")
    return verdict


def _notice_cells() -> None:
    shell = get_ipython()
    if shell is not None and _before_a_cell not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _before_a_cell)


def _before_a_cell(info: Any) -> None:
    global _cell
    _cell = info.cell_id or info.raw_cell


def _is_plain(value: Any) -> bool:
    if _is_collection(value):
        return all(_is_plain(one) and not _is_collection(one) for one in value)
    return value is None or isinstance(value, Number | str | date)


def _is_collection(value: Any) -> bool:
    return isinstance(value, list | tuple | set)


def _agree(prediction: Any, answer: Any) -> bool:
    left, right = _normal(prediction), _normal(answer)
    lists = _is_collection(prediction) and _is_collection(answer)
    if lists and (isinstance(prediction, set) or isinstance(answer, set)):
        return sorted(left, key=repr) == sorted(right, key=repr)
    return bool(left == right)


def _normal(value: Any) -> Any:
    """The value without what does not matter: case, the kind of number, True or "yes"."""
    if _is_collection(value):
        return [_normal(one) for one in value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        text = value.strip().casefold()
        return {"true": "yes", "false": "no"}.get(text, int(text) if text.isdecimal() else text)
    return "none" if value is None else value


def _said(value: Any) -> str:
    if _is_collection(value):
        return ", ".join(_said(one) for one in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`" if isinstance(value, str) else str(value)
