"""workbench choose: needs rest on measured answers."""

import pytest

from workbench.measure import measured
from workbench.needs import all_needs, verdicts
from workbench.variants import VARIANTS

NEEDS = all_needs()


@pytest.fixture(scope="module")
def answers():
    return measured()


@pytest.fixture(scope="module")
def questions(answers):
    return {question["id"]: question for question in answers["questions"]}


def test_there_are_some_25_needs():
    assert 20 <= len(NEEDS) <= 35
    assert len({need.id for need in NEEDS}) == len(NEEDS)


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.id)
def test_a_need_rests_on_questions_of_the_comparison(need, questions):
    assert need.rules_out
    assert need.rules_out.keys() <= questions.keys()


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.id)
def test_each_answer_that_rules_out_was_measured(need, questions):
    for name, ruling_out in need.rules_out.items():
        given = list(questions[name]["answers"].values())
        for answer in ruling_out:
            assert any(answer == one and type(answer) is type(one) for one in given), (name, answer)


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.id)
def test_a_need_rules_something_out_but_not_everything(need, answers):
    remaining = [verdict.variant for verdict in verdicts([need], answers) if verdict.remains]
    assert 0 < len(remaining) < len(VARIANTS)


def test_no_need_rules_nothing_out(answers):
    assert all(verdict.remains for verdict in verdicts([], answers))


def test_the_command_says_what_remains_and_why(tool):
    said = tool.run("choose", "--need", NEEDS[0].id).stdout
    assert "remains" in said
    assert "ruled out" in said
    assert NEEDS[0].need in said


def test_the_command_lists_the_needs(tool):
    said = tool.run("choose", "--list").stdout
    assert all(need.id in said for need in NEEDS)


def test_an_unknown_need_is_one_sentence(tool):
    assert "There is no need 'money'" in tool.complaint("choose", "--need", "money")


def test_without_a_terminal_it_says_how_to_name_needs(tool):
    assert "name what you need with --need" in tool.complaint("choose")
