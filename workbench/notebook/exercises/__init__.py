"""The check of the notebooks' exercises, and their hints."""

import difflib
import sys
from typing import Any

from IPython.core.getipython import get_ipython

from workbench.errors import WorkbenchError
from workbench.notebook import output
from workbench.notebook.exercises import judge
from workbench.notebook.exercises.faults import Exercise

_given: dict[str, int] = {}


class Checked(output.Verdict):
    """What a check says; true if the exercise is solved."""

    passed = False

    def __bool__(self) -> bool:
        return self.passed


def check(exercise: str, answer: Any = ...) -> Checked:
    """Try an answer to an exercise on several sets of users, and say whether it is right.

    answer: the learner's function; if left out, the function of the notebook that is called as
    the exercise. For `youngest` it is a string, the expression. The notebook's own database stays
    as it is. Raises WorkbenchError if there is no such exercise, or not in this notebook.
    """
    its = _chosen(exercise)
    if answer is ...:
        name = exercise if "call" in its else "expression"
        if name not in _names():
            return Checked(f"Not yet: there is no `{name}` yet. Run the cell above first.")
        answer = _names()[name]
    said = _fault(exercise, its, answer)
    if said:
        return Checked(f"Not yet: {said}")
    *sets, last = (users["with"] for users in its["users"])
    verdict = Checked(f"Right: it was tried {', '.join(sets)}, and {last}.")
    verdict.passed = True
    return verdict


def hint(exercise: str) -> output.Markdown:
    """Show the next hint of an exercise. Raises WorkbenchError if there is no such exercise."""
    hints = _chosen(exercise)["hints"]
    number = _given[exercise] = min(_given.get(exercise, 0) + 1, len(hints))
    more = "" if number < len(hints) else " This is the last hint."
    return output.Markdown(f"Hint {number} of {len(hints)}: {hints[number - 1]}{more}")


def _chosen(exercise: str) -> Exercise:
    if exercise in judge.EXERCISES:
        return judge.EXERCISES[exercise]
    near = difflib.get_close_matches(str(exercise), judge.EXERCISES, n=1)
    known = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(judge.EXERCISES)}."
    raise WorkbenchError(f"No exercise is called {exercise!r}: {known}")


def _names() -> dict[str, Any]:
    """Return what the notebook has defined."""
    shell = get_ipython()
    return vars(sys.modules["__main__"]) if shell is None else shell.user_ns


def _fault(exercise: str, its: Exercise, answer: Any) -> str | None:
    if "call" not in its:
        return _fault_in_each(exercise, its, answer)
    from django.conf import settings

    if not settings.configured or settings.BASE_DIR.name not in its["in"]:
        raise WorkbenchError(
            f"The exercise {exercise!r} is for {' and '.join(its['in'])}: run its notebook's "
            "first cell."
        )
    return judge.fault(exercise, answer)


def _fault_in_each(exercise: str, its: Exercise, expression: Any) -> str | None:
    """Return what is wrong with an expression in the first of the variants where it is wrong."""
    if not isinstance(expression, str):
        return "the answer is a string: put the expression between quotation marks."
    if expression.strip() in ("", "..."):
        return "the expression is empty. Write it between the quotation marks."
    try:
        compile(expression.strip(), "expression", "eval")
    except SyntaxError as error:
        return f"Python cannot read the expression ({error.msg})."
    variants = [one for one in _names().values() if type(one).__name__ == "Four"]
    if not variants:
        raise WorkbenchError("No variants run here: run the cell with `variants = four()` first.")
    module = f"__import__({judge.__name__!r}, fromlist=['judge'])"
    question = f"{module}.fault_of_expression({exercise!r}, {expression!r})"
    for name, given in variants[-1].ask(question).given.items():
        if name in its["in"] and (given["error"] or given["result"]):
            return f"in {name}, {given['error'] or given['result']}"
    return None
