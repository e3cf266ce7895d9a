"""workbench choose: needs rest on measured answers."""

import contextlib
import os
import pty
import subprocess

import pytest

from conftest import command, environment
from workbench.compare.answers import in_line
from workbench.compare.needs import all_needs, all_preferences, preferred, verdicts
from workbench.compare.run_suite import measured
from workbench.paths import PROJECT
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
    assert need.rules_out or need.id == "new-project"
    assert need.rules_out.keys() <= questions.keys()


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.id)
def test_each_answer_that_rules_out_was_measured(need, questions):
    for name, ruling_out in need.rules_out.items():
        given = list(questions[name]["answers"].values())
        for answer in ruling_out:
            assert any(answer == one and type(answer) is type(one) for one in given), (name, answer)


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.id)
def test_a_need_rules_something_out_but_not_everything(need, answers):
    by_itself = [it for it in verdicts([need], answers) if not it.failed and not it.helped]
    assert 0 < len(by_itself) < len(VARIANTS) + (not need.rules_out)


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


@pytest.mark.parametrize("need", [it for it in NEEDS if it.ways], ids=lambda need: need.id)
def test_each_way_works_for_an_approach_that_does_not_meet_the_need_by_itself(need, answers):
    working = [
        way
        for verdict in verdicts([need], answers)
        for _, _, its in verdict.helped
        for way, _ in its
    ]
    assert set(map(str, working)) == set(map(str, need.ways))
    for way in need.ways:
        assert not way.page or (PROJECT / "docs" / way.page).exists()


@pytest.mark.parametrize("need", [it for it in NEEDS if it.rules_out], ids=lambda need: need.id)
def test_each_answer_that_does_not_meet_a_need_has_words(need, questions):
    given = {in_line(it) for name in need.rules_out for it in questions[name]["answers"].values()}
    assert need.says.keys() <= given
    for ruling_out in need.rules_out.values():
        assert {in_line(answer) for answer in ruling_out} <= need.says.keys()


@pytest.mark.parametrize("ids", [["no-n-plus-1"], ["never-without"], ["deleted-by-sql"]])
def test_a_project_with_users_keeps_a_profile_with_something_added(answers, ids):
    needs = [need for need in NEEDS if need.id in ("running-project", "extras", *ids)]
    found = verdicts(needs, answers)
    assert preferred(needs, found)[0] == "profile_onetoone"
    assert [it.variant for it in found if it.helped] == ["profile_onetoone", "foreignkey"]


def test_the_command_says_what_to_add(tool):
    said = " ".join(
        tool.run("choose", "--need", "running-project", "--need", "deleted-by-sql").stdout.split()
    )
    assert "It works with on_delete=DB_CASCADE (Django 6.1 or newer)." in said
    assert "Add ON DELETE CASCADE." in said


def test_a_project_is_not_both_new_and_running(tool):
    said = tool.complaint("choose", "--need", "new-project", "--need", "running-project")
    assert "Choose one of the needs new-project and running-project." in said


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
    asked = [f"{number}. {need.need}" in shown for number, need in enumerate(NEEDS[:6], 1)]
    assert asked == [True, False, True, True, True, False]  # a new project has no users
    assert "Please answer y, n or q." in shown
    assert "Take" in shown
    assert all_preferences()[-1].why[:30] in shown
