"""workbench choose: needs rest on measured answers."""

import contextlib
import os
import pty
import subprocess

import pytest

from conftest import command, environment
from workbench.compare.needs import all_needs, all_preferences, preferred, verdicts
from workbench.compare.run_suite import measured
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
    assert need.rules_out or need.id in ("new-project", "behaviour")
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
    assert 0 < len(remaining) < len(VARIANTS) + (not need.rules_out)


def test_each_preference_rests_on_a_question_and_names_variants(questions):
    for preference in all_preferences():
        assert preference.question in questions
        assert set(preference.order) <= set(VARIANTS)
        assert preference.need in ("", *(need.id for need in NEEDS))
    assert set(all_preferences()[-1].order) == set(VARIANTS)  # so that whatever remains is named


@pytest.mark.parametrize(
    ("ids", "variant"),
    [
        ([], "custom_user"),
        (["new-project"], "custom_user"),
        (["running-project"], "profile_onetoone"),
        (["several-records"], "foreignkey"),
        (["behaviour"], "proxy_model"),
        (["behaviour", "extras"], "custom_user"),
        (["running-project", "one-record"], "profile_onetoone"),
        ([need.id for need in NEEDS], None),
    ],
)
def test_a_tie_is_broken_by_the_needs(answers, ids, variant):
    needs = [need for need in NEEDS if need.id in ids]
    assert preferred(needs, verdicts(needs, answers))[0] == variant


@pytest.mark.parametrize("need", [it for it in NEEDS if it.cure], ids=lambda need: need.id)
def test_a_cure_works_for_an_approach_that_fails_the_need(need, answers):
    failing = [verdict.variant for verdict in verdicts([need], answers) if not verdict.remains]
    assert any(need.cure.tried(variant) for variant in failing)


def test_the_command_says_from_which_django_a_need_is_met(tool):
    said = " ".join(tool.run("choose", "--need", "deleted-by-sql").stdout.split())
    assert "From Django 6.1, use on_delete=DB_CASCADE." in said


def test_no_need_rules_nothing_out(answers):
    assert all(verdict.remains for verdict in verdicts([], answers))


def test_the_command_says_what_remains_and_why(tool):
    said = tool.run("choose", "--need", NEEDS[1].id).stdout
    assert "ruled out" in said
    assert NEEDS[1].need in said
    assert "Take profile_onetoone." in said


def test_the_command_lists_the_needs(tool):
    said = tool.run("choose", "--list").stdout
    assert all(need.id in said for need in NEEDS)


def test_an_unknown_need_is_one_sentence(tool):
    assert "There is no need 'money'" in tool.complaint("choose", "--need", "money")


def test_without_a_terminal_it_says_how_to_name_needs(tool):
    assert "name what you need with --need" in tool.complaint("choose")


def at_a_terminal(tool, *lines):
    """What somebody at a terminal reads who types these lines, and the exit code."""
    mine, its = pty.openpty()
    process = subprocess.Popen(
        command("choose"), stdin=its, stdout=its, stderr=its, env=environment(tool.folder)
    )
    os.close(its)
    os.write(mine, "".join(f"{line}\n" for line in lines).encode())
    shown = b""
    with contextlib.suppress(OSError):  # the terminal's end
        while piece := os.read(mine, 65536):
            shown += piece
    os.close(mine)
    return shown.decode(), process.wait(timeout=30)


def test_it_asks_at_a_terminal_until_q(tool):
    shown, code = at_a_terminal(tool, "y", "perhaps", "n", "", "q")
    assert code == 0
    assert [f"{number}. {need.need}" in shown for number, need in enumerate(NEEDS[:5], 1)] == [
        *[True] * 4,
        False,
    ]
    assert "Please answer y, n or q." in shown
    assert f"{NEEDS[1].need}" in shown
    assert "Take" in shown
    assert all_preferences()[-1].why[:30] in shown
