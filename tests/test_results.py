"""The answers that come with the clone, and what other versions of Django change in them."""

import json
import re
import subprocess
from copy import deepcopy

import pytest

from conftest import Tool
from suite.compare import changed_in, compare, since
from workbench import files
from workbench.bench import result as bench
from workbench.compare import results
from workbench.matrix import environments
from workbench.move import report
from workbench.move.moves import all_moves
from workbench.paths import PROJECT
from workbench.variants import VARIANTS

MEGABYTE = 1_000_000
OTHERS = [environment.django for environment in environments.environments()[1:]]


@pytest.fixture
def main():
    return results.load()


def test_json_is_read_as_it_was_written(tmp_path):
    value = {"pairs": [["sql", 'SELECT "a",\n 1'], ["a", "b", "c"], ["[", "]"], [1, "x"]]}
    files.write_json(tmp_path / "it.json", value)
    text = (tmp_path / "it.json").read_text()
    assert json.loads(text) == value
    assert '  ["[", "]"],\n' in text


def test_every_supported_django_is_recorded():
    assert results.recorded_djangos() == [it.django for it in environments.environments()]


def test_the_benchmark_is_recorded_at_a_million_users():
    found = bench.read(bench.RECORDED)
    assert found["players"] == 1_000_000
    assert found["quick"] is False
    assert found["command"] == bench.COMMAND
    assert {its["subject"] for its in found["measures"]} >= set(VARIANTS)


def test_every_move_is_recorded_and_nothing_is_wrong_in_any():
    found = report.read()
    assert {name: its.wrong for name, its in found.items() if its.wrong} == {}
    assert min(its.players for its in found.values()) >= 100_000
    assert sorted(found) == sorted(name for it in all_moves() for name in report.names_of(it))


@pytest.mark.parametrize("name", [name for it in all_moves() for name in report.names_of(it)])
def test_the_list_of_moves_shows_what_was_measured(shown_moves, name):
    [line] = [line.split() for line in shown_moves.splitlines() if line.startswith(f"{name} ")]
    assert " ".join(line[1:]) == " ".join(report.figures(report.read().get(name))).strip()


@pytest.fixture(scope="module")
def shown_moves(tmp_path_factory):
    """What `workbench move list` says; it starts no server."""
    folder = tmp_path_factory.mktemp("no-server")
    said = Tool(folder).run("move", "list", COLUMNS="200").stdout
    assert list(folder.iterdir()) == []
    return said


def test_a_move_that_is_not_recorded_is_said_to_be_so():
    assert report.figures(None) == ["not recorded", "", "", "", ""]
    assert "not recorded" in report.answers({})["custom_user"]["How many tables are rewritten?"]


def test_an_unknown_part_is_one_sentence():
    made = ["make", "results", "PART=answer", "--old-file=.venv/.ready"]
    done = subprocess.run(made, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "PART is answers, bench or moves" in done.stderr


def test_the_pages_are_published_from_the_results_alone():
    text = (PROJECT / ".github" / "workflows" / "pages.yml").read_text()
    runs = re.findall(r"- run: (.+)", text)
    assert runs == ["make site"]


def test_the_results_stay_small():
    size = sum(path.stat().st_size for path in results.FOLDER.rglob("*") if path.is_file())
    assert size < 6 * MEGABYTE


def test_the_recorded_answers_are_those_of_this_code(main):
    assert main["measured"]["sources"] == results.fingerprint()


@pytest.mark.parametrize("django", OTHERS)
def test_each_recorded_answer_is_the_one_that_the_question_expects(django):
    main = {question["id"]: question for question in results.load()["questions"]}
    asked_of_both = [it for it in results.load(django)["questions"] if it["id"] in main]
    assert len(asked_of_both) > 500
    for question in asked_of_both:
        declared = {
            variant
            for change in question["changes"]
            if change["version"] <= f"Django {django}"
            for variant in change["answers"]
        }
        was = main[question["id"]]
        differing = {it for it in VARIANTS if was["answers"][it] != question["answers"][it]}
        assert differing == declared, question["id"]


def test_a_difference_laid_over_the_main_answers_gives_the_other_ones(main):
    other = deepcopy(main)
    other["versions"]["Django"] = "5.2.99"
    dropped = other["questions"].pop(3)
    changed = other["questions"][5]
    changed["answers"]["custom_user"] = "another answer"
    changed["evidence"]["foreignkey"] = [["saw", "another evidence"]]
    found = results.difference(main, other)
    assert found["not_asked"] == [dropped["id"]]
    assert found["questions"] == {
        changed["id"]: {
            "answers": {"custom_user": "another answer"},
            "evidence": {"foreignkey": [["saw", "another evidence"]]},
        }
    }
    assert results.overlaid(main, {"measured": main["measured"], **found}) == other


def test_a_run_with_another_answer_is_not_as_recorded(main):
    measured = deepcopy(main)
    assert results.is_recorded_here(measured)
    assert results.changes(measured) == []
    question = measured["questions"][7]
    question["answers"]["foreignkey"] = "another answer"
    assert results.changes(measured) == [question["id"]]
    assert question["id"] in " ".join(results.told(measured))


def test_other_evidence_is_reported(main):
    measured = deepcopy(main)
    question = measured["questions"][7]
    question["evidence"]["foreignkey"] = []
    assert results.changes(measured) == []
    assert question["id"] in " ".join(results.told(measured))


def test_other_versions_are_not_held_to_the_recorded_answers(main):
    measured = deepcopy(main)
    measured["versions"]["PostgreSQL"] = "18.99"
    assert not results.is_recorded_here(measured)


def test_the_command_shows_another_django(bare):
    shown = json.loads(bare.run("compare", "--django", "6.1", "--all", "--json").stdout)
    assert shown["versions"]["Django"].startswith("6.1")


def test_the_command_shows_what_changed_and_why(bare):
    said = " ".join(bare.run("compare", "--changed", COLUMNS="200").stdout.split())
    assert "check_without_default_auto_field" in said
    assert "ticket 36564" in said


def test_the_command_says_when_it_was_measured(bare):
    assert "Measured on 20" in bare.run("compare").stderr


def test_an_unknown_django_is_one_sentence(bare):
    assert "no answers for Django 4.2" in bare.complaint("compare", "--django", "4.2")


@pytest.mark.parametrize(
    ("django", "postgresql", "expected"),
    [("5.2.19", "18.4", "old"), ("6.0", "18.4", "new"), ("6.1.3", "15.1", "newest")],
)
def test_an_answer_is_expected_by_version(django, postgresql, expected):
    versions = {"Django": django, "PostgreSQL": postgresql}

    @changed_in("Django 6.1", why="of a ticket", custom_user="newest")
    @changed_in("Django 6.0", why="of a release note", custom_user="new")
    @compare(proxy_model="old", profile_onetoone="old", custom_user="old", foreignkey="old")
    def question():
        """Is it so?"""

    assert question.question.expects("custom_user", versions) == expected
    assert question.question.expects("foreignkey", versions) == "old"


def test_a_question_is_asked_since_a_version():
    @since("PostgreSQL 18")
    @compare(proxy_model=1, profile_onetoone=1, custom_user=1, foreignkey=1)
    def question():
        """Is it so?"""

    assert question.question.is_asked({"Django": "5.2", "PostgreSQL": "18.4"})
    assert not question.question.is_asked({"Django": "6.1", "PostgreSQL": "17.10"})


def test_a_change_of_an_unknown_variant_is_an_error():
    with pytest.raises(ValueError, match="no variant is called usr"):

        @changed_in("Django 6.1", why="of a typing error", usr=1)
        @compare(proxy_model=1, profile_onetoone=1, custom_user=1, foreignkey=1)
        def question():
            """Is it so?"""
