"""The exercises of the notebooks: right and wrong answers, each in a cell of a real kernel."""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest

from workbench.notebook import run
from workbench.notebook.exercises.judge import EXERCISES

with (Path(__file__).parent / "attempts.toml").open("rb") as file:
    ATTEMPTS = tomllib.load(file)


def sampled(attempts):
    """The numbers of one right answer and of three wrong ones, each with another sentence."""
    right = [number for number, one in enumerate(attempts) if one["says"] == "Right:"]
    wrong = {one["says"]: number for number, one in enumerate(attempts) if number not in right}
    return {*right[:1], *list(wrong.values())[:3]}


# each attempt, by its exercise and the words that check() must say
EACH = [
    pytest.param(
        name,
        number,
        id=f"{name}-{number}-{re.sub('[^a-zA-Z]+', '_', one['says'])}",
        marks=[] if number in sampled(attempts) else pytest.mark.exhaustive,
    )
    for name, attempts in ATTEMPTS.items()
    for number, one in enumerate(attempts)
]
IN_A_VARIANT = """
from collections import Counter
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import Left
from workbench import notebook
from workbench.notebook import *
notebook.use({!r})
"""
IN_FOUR = """
from workbench.notebook import *
variants = four()
"""


def said(cell):
    """What a cell shows, as plain text."""
    return "\n".join(one["data"]["text/plain"] for one in cell.outputs if "data" in one)


def kernel(exercise):
    """The first cell of a notebook that has this exercise."""
    return IN_A_VARIANT.format(*exercise["in"]) if "call" in exercise else IN_FOUR


def asked(folder, cells):
    """What each of the cells shows; cells: {a notebook's first cell: its other cells}."""
    paths = []
    for number, (first, others) in enumerate(cells.items()):
        sources = [nbformat.v4.new_code_cell(source) for source in (first, *others)]
        paths.append(folder / f"{number}.ipynb")
        nbformat.write(nbformat.v4.new_notebook(cells=sources), paths[-1])
    found = run.run(paths)
    return [[said(cell) for cell in found[path.stem].cells[1:]] for path in paths]


@pytest.fixture(scope="module")
def verdicts(request, tmp_path_factory):
    """{(exercise, number of the attempt): what check() says}, for the attempts that are tested.

    Each is a cell; those of a variant are one notebook, run from top to bottom.
    """
    cells = {}
    for item in request.session.items:
        one = item.callspec.params if hasattr(item, "callspec") else {}
        if item.path == request.path and "number" in one:
            code = ATTEMPTS[one["name"]][one["number"]]["code"]
            cells.setdefault(kernel(EXERCISES[one["name"]]), {})[one["name"], one["number"]] = (
                f"{code}\ncheck({one['name']!r})"
            )
    texts = asked(
        tmp_path_factory.mktemp("attempts"),
        {first: list(others.values()) for first, others in cells.items()},
    )
    return {
        key: text
        for others, shown in zip(cells.values(), texts, strict=True)
        for key, text in zip(others, shown, strict=True)
    }


@pytest.mark.parametrize(("name", "number"), EACH)
def test_check_says_what_fits_the_answer(verdicts, name, number):
    says, found = ATTEMPTS[name][number]["says"], verdicts[name, number]
    assert found.startswith("Right: " if says == "Right:" else "Not yet: "), found
    assert says in found


DATA = """
from django.apps import apps
[list(model.objects.order_by("pk").values()) for model in apps.get_models()]
"""
NEXT_IDS = "sql('SELECT sequencename, last_value FROM pg_sequences ORDER BY 1').to_csv()"


def test_each_exercise_has_wrong_answers_two_right_ones_and_hints():
    for name, exercise in EXERCISES.items():
        right = [one for one in ATTEMPTS[name] if one["says"] == "Right:"]
        assert len(right) >= 2
        assert len(ATTEMPTS[name]) - len(right) >= 6
        assert len(exercise["hints"]) == 3


@pytest.mark.parametrize("kernel_of", ["latest", "mend", "set_zoom_id", "tidy"])
def test_a_false_start_and_a_second_check_change_neither_verdict_nor_database(tmp_path, kernel_of):
    right, wrong = ATTEMPTS[kernel_of][0]["code"], ATTEMPTS[kernel_of][-1]["code"]
    check = f"check({kernel_of!r})"
    cells = [DATA, NEXT_IDS, wrong + check, right + check, check, DATA, NEXT_IDS]
    first = kernel(EXERCISES[kernel_of])
    [(rows, ids, refused, passed, again, rows_then, ids_then)] = asked(tmp_path, {first: cells})
    assert refused.startswith("Not yet: ")
    assert passed.startswith("Right: ")
    assert (again, rows_then, ids_then) == (passed, rows, ids)


def test_a_hint_is_shown_at_a_time(tmp_path):
    first = kernel(EXERCISES["mend"])
    [shown] = asked(tmp_path, {first: ["hint('mend')"] * 4})
    assert [text[5:6] for text in shown] == ["1", "2", "3", "3"]
