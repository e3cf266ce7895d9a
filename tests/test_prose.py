"""The prose linter: each rule finds what it is for, and nothing in what replaces it."""

import pytest
from prose import GUIDE, KINDS, Text, faults, prose, texts


def rules_broken(text, kind="advice", yes_or_no=None):
    return {fault.rule for fault in faults(Text(kind, "page.md", 1, text, yes_or_no))}


@pytest.mark.parametrize("rule", GUIDE["rule"], ids=lambda rule: rule["id"])
def test_each_rule_finds_its_bad_example_and_accepts_its_good_one(rule):
    for kind in rule.get("only", KINDS):
        assert f"plain.{rule['id']}" in rules_broken(rule["bad"], kind)
        assert f"plain.{rule['id']}" not in rules_broken(rule["good"], kind)


@pytest.mark.parametrize("rule", [its for its in GUIDE["rule"] if "only" in its], ids=str)
def test_a_rule_for_some_kinds_leaves_the_others_alone(rule):
    for kind in set(KINDS) - set(rule["only"]):
        assert f"plain.{rule['id']}" not in rules_broken(rule["bad"], kind)


@pytest.mark.parametrize("kind", ["question", "advice", "need"])
def test_a_text_has_so_many_words_at_most(kind):
    most = GUIDE["words"][kind]
    assert "plain.words" not in rules_broken("word " * most, kind)
    assert "plain.words" in rules_broken("word " * (most + 1), kind)


def test_the_setting_of_a_question_is_counted_apart():
    setting, question = "A user has one profile row. ", "How many words are counted here?"
    assert "plain.words" not in rules_broken(setting + question, "question")
    long = "A" + " very" * GUIDE["words"]["setting"] + " long setting is no setting. "
    assert "plain.words" in rules_broken(long + question, "question")


@pytest.mark.parametrize(
    ("question", "yes_or_no", "fits"),
    [
        ("Does user.save() store the birthdate?", True, True),
        ("A user has no row. Is it in the list?", True, True),
        ("Does user.save() store the birthdate?", False, False),
        ("How many rows has user.save() stored?", True, False),
    ],
)
def test_a_question_asks_for_what_the_answer_says(question, yes_or_no, fits):
    assert ("plain.answer" not in rules_broken(question, "question", yes_or_no)) == fits


def test_proselints_own_checks_are_on():
    assert "archaism" in rules_broken("The row stays for ever.")


def test_code_is_no_prose_and_lines_stay_where_they_are():
    page = "The model.\n\n```python\nextras = 1\n```\n\nThe `extras`.\n\nThe extras."
    [fault] = faults(Text("page", "page.md", 1, prose(page)))
    assert (fault.rule, fault.line) == ("plain.extras", 9)


def test_every_kind_of_text_is_found_in_the_project():
    found = list(texts())
    assert {text.kind for text in found} == set(KINDS)
    assert len([text for text in found if text.kind == "question"]) > 500
