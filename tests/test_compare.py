"""workbench compare: the answers of the last whole run, as a reader wants them."""

import json

import pytest

from suite.compare import ANYTHING_ELSE, CANNOT, at_least, at_most, compare
from workbench.compare import answers as comparison
from workbench.compare.answers import as_markdown, chosen, said
from workbench.compare.run_suite import measured
from workbench.errors import WorkbenchError
from workbench.variants import VARIANTS

JOINS = "joins_to_read_one_player_with_extras"


@pytest.fixture(scope="module")
def answers():
    return measured()


def test_every_question_is_answered_by_every_variant(answers):
    for question in answers["questions"]:
        assert list(question["answers"]) == list(VARIANTS), question["id"]


def test_every_answer_has_its_evidence(answers):
    bare = [
        (question["id"], name)
        for question in answers["questions"]
        for name, kept in question["evidence"].items()
        if not kept
    ]
    assert bare == []


def test_every_question_is_a_sentence(answers):
    assert [its["id"] for its in answers["questions"] if its["question"][-1] != "?"] == []


def test_the_versions_are_named(answers):
    assert answers["versions"].keys() == {"Django", "PostgreSQL", "psycopg", "Python"}


def test_only_where_they_differ(answers):
    assert all(comparison.differs(question) for question in chosen(answers))
    assert len(chosen(answers)) < len(chosen(answers, everything=True))


def test_only_where_two_differ(answers):
    pair = ("profile_onetoone", "foreignkey")
    shown = {question["id"] for question in chosen(answers, pair)}
    assert JOINS not in shown
    assert JOINS in {question["id"] for question in chosen(answers)}


def test_one_area(answers):
    shown = chosen(answers, area="schema", everything=True)
    assert {question["area"] for question in shown} == {"Schema"}


def test_a_misspelt_question_or_area_is_one_sentence(answers):
    with pytest.raises(WorkbenchError, match=f"did you mean .*{JOINS}"):
        chosen(answers, ids=["joins_to_read_a_player_with_extras"])
    with pytest.raises(WorkbenchError, match="did you mean schema"):
        chosen(answers, area="shema")


@pytest.mark.parametrize(
    ("answer", "text"),
    [(True, "yes"), (False, "no"), (1, "1"), ([], "none"), (["a", "b"], "a\nb"), (None, "nothing")],
)
def test_an_answer_reads_well(answer, text):
    assert said(answer) == text


def test_a_table_for_a_page(answers):
    [_, line, row] = as_markdown(chosen(answers, ids=[JOINS])).splitlines()
    assert line == "| --- | --- | --- | --- | --- |"
    assert row.endswith("| not possible | 1 | 0 | 1 |")


def test_the_command_shows_a_question_with_its_evidence(tool):
    said = tool.run("compare", "--question", JOINS).stdout
    assert "How many joins" in said
    assert "LEFT OUTER JOIN" in " ".join(said.split())


def test_the_command_speaks_json(tool):
    shown = json.loads(tool.run("compare", "--json", "--area", "Reading").stdout)
    assert {question["area"] for question in shown["questions"]} == {"Reading"}


def test_the_command_compares_two(tool):
    shown = tool.run("compare", "profile_onetoone", "custom_user").stdout
    assert "profile_onetoone" in shown
    assert "proxy_model" not in shown.splitlines()[2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["proxy_model"], "Name no variant or two"),
        (["proxy_model", "customuser"], "did you mean custom_user"),
        (["--question", "nonsense"], "There is no question 'nonsense'"),
        (["--area", "nonsense"], "There is no area 'nonsense'"),
    ],
)
def test_a_wrong_word_is_one_sentence(tool, arguments, sentence):
    assert sentence in tool.complaint("compare", *arguments)


def sent(answers, collected=1, deselected=0):
    """What one worker sends home."""
    return {
        "versions": {},
        "collected": collected,
        "deselected": deselected,
        "answers": {
            name: {
                "id": name,
                "module": "schema",
                "line": 1,
                "answer": answer,
                "judgement": "",
                "code": "def test_it(): ...",
                "evidence": [],
            }
            for name, answer in answers.items()
        },
    }


def test_a_comparison_is_whole_only_if_all_answered_all():
    whole = {variant: sent({"a": 1}) for variant in VARIANTS}
    assert comparison.is_whole(whole)
    assert not comparison.is_whole({**whole, "foreignkey": sent({"a": 1}, collected=2)})
    assert not comparison.is_whole({**whole, "foreignkey": sent({"a": 1}, deselected=1)})
    del whole["foreignkey"]
    assert not comparison.is_whole(whole)


def test_true_and_1_are_two_answers():
    four = {variant: sent({"a": True}) for variant in VARIANTS} | {"foreignkey": sent({"a": 1})}
    [question] = comparison.put_together(four)["questions"]
    assert comparison.differs(question)


def test_an_answer_is_judged_by_the_first_rule_that_names_it():
    @compare(
        **dict.fromkeys(VARIANTS, 0), fits=[0], costs=at_most(2), fails=ANYTHING_ELSE, mark="known"
    )
    def question():
        """How many?"""

    judged = {answer: question.question.judge(answer) for answer in (0, 2, 3, "three", CANNOT)}
    assert judged == {0: "fits", 2: "costs", 3: "fails", "three": "fails", CANNOT: ""}
    assert question.question.judge(True) == "fails"  # no number


def test_not_possible_is_neutral_unless_it_is_named():
    @compare(**dict.fromkeys(VARIANTS, CANNOT), fits=at_least(1), fails=[CANNOT], mark="known")
    def question():
        """How many?"""

    assert question.question.judge(CANNOT) == "fails"
    assert question.question.judge(0) == ""
