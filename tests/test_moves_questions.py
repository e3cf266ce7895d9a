"""All questions of the comparison, asked of a database that has been moved."""

from workbench.comparison import read
from workbench.move import run, suite
from workbench.move.moves import move


def test_a_moved_database_answers_every_question_as_a_fresh_one(server):
    it = move("profile_onetoone", "custom_user")
    report = run.move(server, it, 200, also=[suite.questions])
    run.drop(server, f"move_{it.name}")
    [said] = [check for check in report.rides[0].checks if check.name == "questions"]
    assert said.wrong == []
    assert int(said.looked_at.split()[0]) > len(read()["questions"])
