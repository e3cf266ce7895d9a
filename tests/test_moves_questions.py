"""Questions of the comparison, asked of a database that has been moved.

`workbench move run profile_onetoone custom_user --questions` asks all of them.
"""

from workbench.move import run, verify
from workbench.move.moves import move
from workbench.server.databases import drop

AREAS = [f"suite/questions/test_{name}.py" for name in ("schema", "missing_row", "deletion")]


def test_a_moved_database_answers_as_a_fresh_one(server):
    def questions(server, variant, database):
        return verify.questions(server, variant, database, AREAS)

    it = move("profile_onetoone", "custom_user")
    report = run.move(server, it, 200, also=[questions])
    drop(server, f"move_{it.name}")
    [said] = [check for check in report.rides[0].checks if check.name == "questions"]
    assert said.wrong == []
    assert int(said.looked_at.split()[0]) > 70
