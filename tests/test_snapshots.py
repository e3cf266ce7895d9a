"""What is known of each variant, and the pages that are made of it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from html import escape

import pytest

from conftest import environment, roster_operations, short_folder
from suite.evidence import TRANSACTION, verb_and_table
from workbench.compare import run_suite
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.schema.sql import WIDTH, pretty
from workbench.server import databases, postgres
from workbench.site import diagrams, operations, schemas, snapshots
from workbench.site.schemas import Schema, readable
from workbench.variants import VARIANTS

# seconds of a processor, PostgreSQL's left out: two of them take half as long
GATHERED_WITHIN = 30

GATHER = """
import sys
from pathlib import Path
from workbench.errors import WorkbenchError
from workbench.site import snapshots

to = Path(sys.argv[1])
try:
    snapshots.take(to / "snapshots.json", lambda variant: to / f"{variant}.sql")
except WorkbenchError as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="module")
def folder():
    """The data of an embedded PostgreSQL."""
    with short_folder() as folder:
        yield folder


def taking_to(to, folder, before=""):
    """A run under way in a process of its own, after some other lines of Python."""
    return subprocess.Popen(
        [sys.executable, "-c", before + GATHER, str(to)],
        cwd=PROJECT,
        env=environment(folder),
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def found():
    """What the site shows of each variant; taken only if the build has not done it before."""
    return snapshots.current()


def processor_time():
    """Seconds that processes have taken which this one has waited for, and those that they had."""
    its = os.times()
    return its.children_user + its.children_system


def left(server):
    """The databases on the server that a run made."""
    with postgres.connect(server, "postgres") as connection:
        rows = connection.execute("SELECT datname FROM pg_database").fetchall()
    return sorted(name for (name,) in rows if name.startswith("scratch_"))


def every_statement(found):
    for its in found["variants"].values():
        for ran in (*its["operations"].values(), *its["scenes"].values()):
            yield from ran["statements"]
            yield from (ran.get("instead") or {"statements": []})["statements"]


# How snapshots are taken


@pytest.mark.exhaustive
def test_a_killed_run_leaves_the_next_one_the_same(found, folder, hold, tmp_path):
    """And as another server gave it to the site."""
    server = hold(folder).env()
    killed = taking_to(tmp_path / "killed", folder)
    while left(server) != sorted(snapshots.DATABASES.values()):
        assert killed.poll() is None
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = processor_time()
    process = taking_to(tmp_path, folder)
    assert process.wait(timeout=240) == 0, process.stderr.read()
    assert processor_time() - before < GATHERED_WITHIN
    assert json.loads((tmp_path / "snapshots.json").read_text()) == found
    for variant in VARIANTS:
        dump = snapshots.dump(variant)
        assert (tmp_path / f"{variant}.sql").read_text() == dump.read_text(), variant
    assert left(server) == []


def test_a_variant_that_fails_is_one_sentence_and_nothing_is_left(folder, hold, tmp_path):
    server = hold(folder).env()
    nowhere = (
        f"from workbench.server.databases import DEMO\nDEMO['csv'] = '{tmp_path}/nowhere.csv'\n"
    )
    process = taking_to(tmp_path, folder, nowhere)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "proxy_model could not be looked at (FileNotFoundError" in said
    assert left(server) == []
    assert list(tmp_path.iterdir()) == []


def test_the_snapshots_are_old_when_something_that_they_rest_on_is_younger(monkeypatch, tmp_path):
    monkeypatch.setattr(snapshots, "FILE", tmp_path / "snapshots.json")
    assert not snapshots.is_current()
    for path in (snapshots.FILE, *map(snapshots.dump, VARIANTS)):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert snapshots.is_current()
    rested_on = tmp_path / "demo.csv"
    rested_on.touch()
    monkeypatch.setattr(snapshots, "rest_on", lambda: [rested_on])
    later = snapshots.FILE.stat().st_mtime + 1
    os.utime(rested_on, (later, later))
    assert not snapshots.is_current()


# What is in them


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_operation_of_the_roster_is_called(found, variant):
    assert set(found["variants"][variant]["operations"]) == roster_operations()


def test_only_the_proxy_refuses_and_it_says_why(found):
    refused = {
        (variant, its["error"])
        for variant in VARIANTS
        for its in found["variants"][variant]["operations"].values()
        if its["error"]
    }
    [(variant, reason)] = refused
    assert variant == "proxy_model"
    assert reason.startswith("CannotDo: ")


def test_a_refusal_asks_postgresql_nothing(found):
    calls = found["variants"]["proxy_model"]["operations"].values()
    asked = [
        [one["sql"] for one in its["statements"] if not TRANSACTION.match(one["sql"])]
        for its in calls
        if its["error"]
    ]
    assert asked == [[]] * 5


@pytest.mark.parametrize("variant", VARIANTS)
def test_registering_asks_what_the_suite_says(found, variant):
    questions = {its["id"]: its for its in run_suite.measured()["questions"]}
    answers = questions["statements_of_a_registration"]["answers"]
    ran = found["variants"][variant]["scenes"]["register_page"]["statements"]
    verbs = [verb_and_table(its["sql"]) for its in ran if not TRANSACTION.match(its["sql"])]
    assert verbs == answers[variant]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_page_answers_as_it_should(found, variant):
    statuses = {name: its["status"] for name, its in found["variants"][variant]["scenes"].items()}
    shown = {"home", "profile_view", "players_page", "admin_changelist"}
    expected = {name: 200 if name in shown else 302 for name in statuses}
    if variant == "proxy_model":
        expected["profile_edit"] = 405  # there is nothing to store
    assert statuses == expected
    assert shown < set(statuses)


def test_a_plan_is_made_without_running_the_statement_again(found):
    ran = found["variants"]["profile_onetoone"]
    [person] = [
        its["sql"]
        for its in ran["scenes"]["register_page"]["statements"]
        if its["sql"].startswith('INSERT INTO "person"')
    ]
    # since the first was counted, the operations have added one and two players
    assert ran["operations"]["register"]["result"] == str(found["players"] + 1)
    assert f"VALUES ({found['players'] + 4}, " in person


def test_every_statement_has_a_plan_but_what_carries_the_others(found):
    for its in every_statement(found):
        assert (its["plan"] is None) == bool(TRANSACTION.match(its["sql"])), its["sql"]


def test_the_dumps_load_beside_each_other(found, folder, hold):
    server = hold(folder).env()
    demo = (PROJECT / "workbench" / "server" / "demo.csv").read_text().splitlines()[1:]
    with postgres.connect(server, "postgres") as connection:
        connection.execute("CREATE DATABASE scratch_restored")
    with postgres.connect(server, "scratch_restored") as connection:
        for variant in VARIANTS:
            connection.execute(snapshots.dump(variant).read_text())
        for variant in VARIANTS:
            users = "players_user" if variant == "custom_user" else "auth_user"
            rows = connection.execute(f"SELECT username FROM {variant}.{users}").fetchall()
            names = [line.split(",")[0] for line in demo]
            assert sorted(rows) == sorted((name,) for name in [*names, databases.DEMO["superuser"]])
    with postgres.connect(server, "postgres") as connection:
        connection.execute("DROP DATABASE scratch_restored")


# What is made of it


def test_sql_is_put_into_lines_and_nothing_else(found):
    for its in every_statement(found):
        shown = pretty(its["sql"])
        assert "".join(shown.split()) == "".join(its["sql"].split())
        assert all(line.strip() for line in shown.splitlines())


def test_a_long_list_goes_on_in_lines_that_fit():
    shown = pretty(f"SELECT {', '.join(f'column_{n}' for n in range(30))} FROM t")
    assert shown.splitlines()[-1] == "FROM t"
    assert {len(line) > WIDTH - len(" column_10,") for line in shown.splitlines()[:-2]} == {True}
    assert max(map(len, shown.splitlines())) <= WIDTH


def test_a_clause_begins_a_line_outside_of_quotes():
    shown = pretty("""SELECT "a" FROM "b" WHERE "c" = 'x FROM y' AND "d" IN (SELECT 1 FROM "e")""")
    assert shown.splitlines() == [
        'SELECT "a"',
        'FROM "b"',
        """WHERE "c" = 'x FROM y' AND "d" IN""",
        "  (SELECT 1",
        '  FROM "e")',
    ]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_migration_is_shown_whole(found, variant):
    for text in found["variants"][variant]["migrations"].values():
        assert "".join(readable(text).split()) == "".join(text.split())


def test_a_new_table_is_shown_column_by_column(found):
    shown = readable(found["variants"]["profile_onetoone"]["migrations"]["0001_initial"])
    assert '(\n  "user_id" integer NOT NULL PRIMARY KEY,\n  "birthdate" date NULL,\n' in shown


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_operation_shows_each_of_its_statements(found, variant):
    for name, its in found["variants"][variant]["operations"].items():
        shown = operations.operation(name, found)[variant]
        ran = its["statements"] + (its["instead"] or {"statements": []})["statements"]
        savepoints = sum("SAVEPOINT" in its["sql"] for its in ran)
        assert shown.count("```sql") == operations.number(ran) + savepoints
        assert shown.count("??? plan") == sum(its["plan"] is not None for its in ran)
        assert (its["error"] or its["result"].splitlines()[0])[:60] in shown


def test_a_scene_says_what_was_asked_and_answered(found):
    shown = operations.scene("register_page", found)["custom_user"]
    assert shown.startswith("`POST /register/`, answered by `302 Found`.")
    assert "**8 statements** and 3 transactions:" in shown


def test_an_operation_that_is_not_there_is_one_sentence(found):
    with pytest.raises(WorkbenchError, match=r"There is no operation 'fnd': did you mean find"):
        operations.operation("fnd", found)


def test_the_table_counts_the_statements(found):
    shown = operations.table(found)
    assert '<td data-variant="custom_user">1</td>' in shown
    assert '<td data-variant="proxy_model" class="cannot">not possible</td>' in shown
    assert ">not possible; 1 without extra fields<" in shown


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_table_is_drawn_with_every_column(found, variant):
    dot = Schema(variant, found).dots()["all"]
    for name, table in snapshots.tables(found["variants"][variant]).items():
        [node] = re.findall(rf'^"{name}" \[label=.*$', dot, re.MULTILINE)
        assert re.findall(r'PORT="(\w+)_w"', node) == [column.name for column in table.columns]
        lines = re.findall(rf'^"{name}":"(\w+)_e":e -> "(\w+)":', dot, re.MULTILINE)
        assert lines == [(key.columns[0], key.target) for key in table.foreign_keys]


def test_a_line_ends_in_a_crows_foot_where_there_may_be_many(found):
    ends = {
        variant: re.findall(
            r'"person":.*arrowtail=(\w+), arrowhead=(\w+)',
            Schema(variant, found).dots()["players"],
        )
        for variant in ("profile_onetoone", "foreignkey")
    }
    assert ends == {
        "profile_onetoone": [(diagrams.AT_MOST_ONE, diagrams.EXACTLY_ONE)],
        "foreignkey": [(diagrams.MANY, diagrams.EXACTLY_ONE)],
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_diagram_has_a_name_and_the_pages_colours(found, variant):
    for shown in (Schema(variant, found).diagram(), Schema(variant, found).whole_diagram()):
        labelled = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', shown)
        for name in labelled.groups():
            assert f'id="{name}"' in shown
        assert re.findall(r' id="([^"]*)"', shown) == list(labelled.groups())
        assert re.findall(r'"#[0-9a-f]+"|"black"|"white"', shown) == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_words_name_every_column_and_every_line(found, variant):
    words = Schema(variant, found).whole_in_words()
    for name, table in snapshots.tables(found["variants"][variant]).items():
        [told] = [line for line in words.splitlines() if line.startswith(f"- `{name}` has ")]
        assert re.findall(r"`(\w+)` \(", told) == [column.name for column in table.columns]
        for key in table.foreign_keys:
            assert f"By `{key.columns[0]}` a row of `{name}` belongs to " in words


def test_the_words_tell_one_from_many(found):
    assert (
        "`auth_user` has at most one row of `person`"
        in Schema("profile_onetoone", found).in_words()
    )
    assert (
        "`auth_user` has any number of rows of `person`" in Schema("foreignkey", found).in_words()
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_that_hangs_on_a_table_is_on_the_page(found, variant):
    shown = Schema(variant, found).tables()
    for table in snapshots.tables(found["variants"][variant]).values():
        parts = (*table.constraints, *table.foreign_keys, *table.indexes, *table.sequences)
        for part in parts:
            assert f"<small>{part.name}</small>" in shown
        for column in table.columns:
            assert f"    | `{column.name}` | `{column.type}` | " in shown


def test_the_differences_of_every_pair_are_on_the_page(found):
    contents, sections = schemas.pairs_contents(found), schemas.pairs_sections(found)
    pairs = schemas.pairs(found)
    assert len(pairs) == 6
    for a, b in pairs:
        name = schemas.anchor(a, b)
        assert f"](#{name})" in contents
        [section] = re.findall(rf"^### .* {{ #{name} }}\n(.*?)(?=\n### |\Z)", sections, re.M | re.S)
        for diff in schemas.differences(a, b, found):
            for what, in_a, in_b in diff.facts:
                cells = "".join(
                    f'<td data-variant="{variant}">{escape(fact)}</td>'
                    for variant, fact in ((a, in_a), (b, in_b))
                    if fact
                )
                assert f'<th scope="row">{escape(what)}</th>' in section
                assert cells.split("</td>")[0] in section


def test_a_diagram_that_cannot_be_drawn_is_one_sentence():
    with pytest.raises(WorkbenchError, match="A diagram could not be drawn: "):
        diagrams.drawn(("digraph { a [label=<<B>] }",))
