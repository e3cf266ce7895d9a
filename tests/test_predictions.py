"""predict() and compare(): the learner's answer before the code's."""

from datetime import date

import pytest
from IPython.core.interactiveshell import InteractiveShell

from workbench.errors import WorkbenchError
from workbench.notebook import answers
from workbench.notebook.answers import measured
from workbench.notebook.predictions import compare, predict

PREDICTED = [
    (27, 27),
    ("27", 27),
    (1.0, 1),
    ("yes", True),
    ("No", False),
    (False, "no"),
    ("true", True),
    ("Auth_User ", "auth_user"),
    (None, None),
    (["INSERT", "update"], ["insert", "UPDATE"]),
    ({"person", "auth_user"}, ["auth_user", "person"]),
    (date(1990, 10, 5), date(1990, 10, 5)),
]
MISSED = [
    (27, 28),
    (1, True),
    ("no", True),
    ("b", 27),
    (0, None),
    (["b", "a"], ["a", "b"]),
    ({"a"}, ["a", "b"]),
    ({1}, 1),
    ("person", ["person", "auth_user"]),
]


@pytest.fixture
def cells():
    """Run cells in a shell of IPython, with their ids: what each gives."""
    shell = InteractiveShell.instance()
    before = list(shell.events.callbacks["pre_run_cell"])
    shell.run_cell("from workbench.notebook import compare, predict")

    def run(source, cell=None):
        done = shell.run_cell(source, store_history=False, cell_id=cell)
        done.raise_error()
        return done.result

    yield run
    shell.events.callbacks["pre_run_cell"] = before
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(("predicted", "answer"), PREDICTED)
def test_a_right_prediction_is_recognised(predicted, answer):
    predict(predicted)
    assert compare(answer).right is True


@pytest.mark.parametrize(("predicted", "answer"), MISSED)
def test_a_wrong_prediction_is_recognised(predicted, answer):
    predict(predicted)
    assert compare(answer).right is False


def test_it_says_what_was_predicted_and_what_is_so():
    assert str(predict(27)) == "You predict 27. Now run the next code."
    assert str(compare(27)) == "As you predicted: 27."
    assert str(compare(True)) == "Not as you predicted: the answer is yes. You predicted 27."
    predict(["b", True])
    assert str(compare([])) == ("Not as you predicted: the answer is none. You predicted `b`, yes.")
    assert compare([])._repr_markdown_().startswith("**Not as you predicted:** the answer")


def test_without_a_prediction_the_answer_is_shown():
    predict(1)
    assert predict(...) is None
    verdict = compare(27)
    assert verdict.startswith("The answer: 27. You made no prediction. Write one")
    assert verdict.right is None


def test_the_answer_may_be_another_than_the_result(capsys):
    predict("yes")
    assert compare("Index Scan using person_pkey", True).right is True
    assert capsys.readouterr().out == "Index Scan using person_pkey\n"


@pytest.mark.parametrize("value", [print, {"a": 1}, [[1]], object()])
def test_what_cannot_be_predicted_is_a_sentence(value):
    with pytest.raises(WorkbenchError, match=r'^predict\(\) takes a number, "yes" or "no"'):
        predict(value)
    with pytest.raises(WorkbenchError, match=r"needs an answer that is a number"):
        compare(value)


def test_a_refused_prediction_leaves_none_of_before():
    predict(1)
    with pytest.raises(WorkbenchError):
        predict(print)
    assert compare(1).right is None


def test_cells_run_twice_say_the_same(cells):
    for _ in range(2):
        cells("predict(3)", "a")
        for _ in range(2):
            assert cells("compare(3)", "b").right is True
    cells("predict(2)", "a")
    assert cells("compare(3)", "b").right is False


def test_a_prediction_is_not_taken_for_that_of_a_later_cell(cells):
    cells("predict(3)", "a")
    assert cells("compare(3)", "b").right is True
    assert cells("compare(3)", "c").right is None
    assert cells("compare(1 + 2)", "b").right is True


def test_without_ids_a_cell_is_known_by_its_text(cells):
    cells("predict(3)")
    assert cells("compare(3)").right is True
    assert cells("compare(1 + 2)").right is None
    assert cells("compare(3)").right is True


def test_a_card_is_compared_by_the_answer_of_the_kernels_variant(monkeypatch):
    monkeypatch.setattr(answers, "mine", "custom_user")
    card = measured("type_of_a_user_id")
    predict("bigint")
    assert compare(card).right is True
    monkeypatch.setattr(answers, "mine", "foreignkey")
    assert compare(card).right is False
    assert compare(card, "bigint").right is True


def test_a_card_says_not_possible_of_what_the_kernels_variant_cannot_do(monkeypatch):
    monkeypatch.setattr(answers, "mine", "proxy_model")
    predict("not possible")
    assert compare(measured("queries_of_a_naive_list")).right is True


def test_a_card_without_answers_is_only_shown():
    card = measured("type_of_a_user_id")
    card.answers = {}
    predict("bigint")
    assert compare(card) is card
