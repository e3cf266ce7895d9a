"""`workbench bench`: a real run with few players, and what it says and leaves."""

import copy
import dataclasses
import io
import json
import re
import signal
import subprocess
import time

import pytest
from rich.console import Console

from conftest import Tool, command, environment, roster_operations, short_folder
from workbench import files
from workbench.bench import result, show, summary
from workbench.bench.command import MUST_MATCH, is_like, measure_and_record
from workbench.bench.result import find, find_load
from workbench.bench.run import LOADS, Bench, check_room, plan
from workbench.bench.subjects import of_variant, peers, recipes
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.server import databases, postgres
from workbench.site import pages
from workbench.variants import VARIANTS

FEWEST, PLAYERS = 1_000, 1_100
# seconds after which something is stuck, however slow the machine
STUCK = 500
PAGES = {"register_page", "login_page", "profile_page"}
EXTRAS = [name for name in VARIANTS if name != "proxy_model"]


class Run:
    """A finished `workbench bench`."""

    def __init__(self, folder):
        self.file = folder / "benchmarks.json"
        options = ("--quick", "--players", str(PLAYERS), "--output", str(self.file))
        self.ended = subprocess.run(
            command("bench", *options),
            capture_output=True,
            text=True,
            timeout=STUCK,
            cwd=PROJECT,
            env=environment(folder, COLUMNS="160"),
            check=False,
        )
        assert self.ended.returncode == 0, self.ended.stderr
        self.result = json.loads(self.file.read_text())

    def measure(self, *arguments):
        return find(self.result, *arguments)


@pytest.fixture(scope="module")
def folder():
    with short_folder() as found:
        yield found


@pytest.fixture(scope="module")
def run(folder):
    return Run(folder)


@pytest.fixture(scope="module")
def bench(folder):
    """The command line on the folder of the run."""
    return Tool(folder)


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_operation_is_measured_beside_sql_by_hand(run, variant):
    cannot = set() if variant in EXTRAS else {"by_discord_id", "count_under"}
    for operation in (roster_operations() | PAGES) - cannot:
        own = "http" if operation in PAGES else "roster"
        assert run.measure(operation, variant, own), operation
        assert run.measure(operation, variant, "sql"), operation
    for operation in cannot:
        assert run.measure(operation, variant, "roster") is None


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("operation", ["register", "register_page"])
def test_registering_is_measured_on_empty_tables_too(run, variant, operation):
    for way in ("http" if operation in PAGES else "roster", "sql"):
        assert run.measure(operation, variant, way, 0)


@pytest.mark.parametrize("recipe", recipes(), ids=lambda its: its.recipe)
def test_a_recipe_is_measured_beside_the_plain_variant_and_sql_by_hand(run, recipe):
    for operation in recipe.operations:
        own = "http" if operation in PAGES else "roster"
        ways = (own, recipe.recipe, "sql")
        plain, faster, by_hand = (run.measure(operation, recipe.name, way) for way in ways)
        assert plain["statements"] >= faster["statements"] >= by_hand["statements"]
        [row] = [its for its in show.faster(run.result) if its[:2] == [recipe.recipe, operation]]
        assert row[2:5] == [f"{its['cpu_us'][1]:,.0f}" for its in (plain, faster, by_hand)]
        assert row[7].endswith("%") == (operation in PAGES)


def test_a_recipe_that_saves_statements_is_seen_to(run):
    def statements(operation, way):
        return run.measure(operation, "custom_user", way)["statements"]

    assert statements("register_page", "session_insert") == statements("register_page", "http") - 2
    assert statements("login_page", "session_insert") == statements("login_page", "http") - 2
    assert (
        statements("register_page", "last_login_insert") == statements("register_page", "http") - 1
    )


def test_peers_register_in_the_same_rounds(run):
    for peer in peers():
        for players in (0, PLAYERS):
            assert run.measure("register_page", peer.name, "http", players)
        assert run.measure("login_page", peer.name, "http")


def test_a_measure_has_quartiles_and_counts(run):
    for its in run.result["measures"]:
        for time_ in (its["wall_us"], its["cpu_us"]):
            lower, median, upper = time_
            assert 0 < lower <= median <= upper
        assert its["statements"] >= 1
        assert its["buffers"] >= 0
        assert its["wal_bytes"] >= 0
        assert its["server_us"] >= 0


def test_the_result_says_on_what_it_was_measured(run):
    result = run.result
    assert result["players"] == PLAYERS
    assert result["sizes"] == [0, FEWEST, PLAYERS]
    assert result["quick"] is True
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["memory"] > 2**20
    noted = {"python", "django", "psycopg", "postgresql", "shared_buffers"}
    assert result["versions"].keys() == noted


def test_an_embedded_server_gets_memory_for_many_players(run):
    """128 MB is what a server has of which nobody said anything."""
    assert run.result["versions"]["shared_buffers"] != "128MB"


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("operation", ["find", "page"])
def test_reading_is_one_statement_as_by_hand(run, variant, operation):
    own, by_hand = (run.measure(operation, variant, way) for way in ("roster", "sql"))
    assert own["statements"] == by_hand["statements"] == 1
    assert own["wal_bytes"] == 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_reading_one_player_touches_no_more_buffers_than_by_hand(run, variant):
    own, by_hand = (run.measure("find", variant, way) for way in ("roster", "sql"))
    if variant == "foreignkey":  # a subquery for each extra field looks up the profile row
        assert own["buffers"] > by_hand["buffers"] > 0
    else:
        assert own["buffers"] == by_hand["buffers"] > 0


@pytest.mark.parametrize("variant", EXTRAS)
@pytest.mark.parametrize("players", [FEWEST, PLAYERS])
@pytest.mark.parametrize("way", ["roster", "sql"])
def test_the_filter_with_an_index_touches_fewer_buffers_than_without(run, variant, players, way):
    indexed, not_ = (
        run.measure(operation, variant, way, players)
        for operation in ("by_indexed_discord_id", "by_discord_id")
    )
    assert indexed["buffers"] < not_["buffers"]


@pytest.mark.parametrize("variant", EXTRAS)
@pytest.mark.parametrize("operation", ["find", "page", "by_indexed_discord_id"])
def test_growth_is_told_of_the_roster_and_of_sql_by_hand(run, variant, operation):
    few, many = (run.measure(operation, variant, "sql", size) for size in (FEWEST, PLAYERS))
    table = list(show.growth(run.result))
    [number] = [number for number, row in enumerate(table) if row[0] == operation]
    cell = table[number + 1][1 + VARIANTS.index(variant)]
    assert table[number + 1][0] == "... by hand"
    assert cell == f"{many['wall_us'][1] / few['wall_us'][1]:.1f}x"


@pytest.mark.parametrize("variant", VARIANTS)
def test_loading_is_measured_by_the_roster_by_the_seed_and_by_hand(run, variant):
    for way in LOADS:
        for players, samples in ((FEWEST, 1), (PLAYERS, 3)):
            its = find_load(run.result, variant, way, players)
            lower, median, upper = its["seconds"]
            assert 0 < lower <= median <= upper
            assert its["samples"] == samples
            assert its["rate"] == pytest.approx(players / median, rel=0.01)
            assert 2**20 < its["memory"] < 300 * 10**6


@pytest.mark.parametrize("variant", ["profile_onetoone", "foreignkey"])
def test_what_is_commonly_done_wrong_asks_once_for_each_player(run, variant):
    assert run.measure("page", variant, "n_plus_1")["statements"] == 51
    assert run.measure("page", "foreignkey", "prefetch_first")["statements"] == 52


@pytest.mark.parametrize("variant", VARIANTS)
def test_offset_touches_as_many_buffers_as_there_are_players(run, variant):
    offset, keyset = (run.measure("deepest_page", variant, way) for way in ("offset", "roster"))
    assert offset["buffers"] > PLAYERS / 2 > keyset["buffers"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_registering_and_logging_in_hash_once(run, variant):
    its = [one for one in run.result["hashes"] if one["subject"] == variant]
    assert [one["operation"] for one in its] == ["register_page", "login_page"]
    assert [(one["hasher"], one["hashes"]) for one in its] == [("argon2", 1)] * 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_players_take_on_disk_is_told_by_table_and_index(run, variant):
    its = [
        one
        for one in run.result["sizes_on_disk"]
        if (one["subject"], one["players"]) == (variant, PLAYERS)
    ]
    assert len(its) == (1 if variant in ("proxy_model", "custom_user") else 2)
    assert all(one["heap"] > 0 and one["indexes"] for one in its)
    assert any("unique_username_ignoring_case" in one["indexes"] for one in its)


def test_the_terminal_shows_each_variant_and_where_the_rest_is(run):
    said = run.ended.stdout
    for variant in VARIANTS:
        assert f"\n{variant} " in said
    assert str(run.file) in said
    assert run.ended.stderr == ""


def page(result, name="scale/index.md"):
    """A page of the site about scale as Markdown, if that is the recorded result."""
    text = (PROJECT / "docs" / name).read_text()
    comparison = {"questions": [], "versions": {}}
    return pages.filled(text, name, comparison, {}, benchmarks=lambda: result)


def test_the_page_shows_the_result(run):
    text = page(run.result)
    assert run.result["machine"]["cpu"] in text
    assert text.count('<svg role="img" aria-label="') == 3
    for variant in VARIANTS:
        assert f"var(--{variant})" in text
        assert f"| {variant} | " in text
        assert f" {run.measure('find', variant, 'roster')['wall_us'][1]:,.0f} " in text
        roster, seed, by_hand = (find_load(run.result, variant, way, PLAYERS) for way in LOADS)
        ratio = roster["seconds"][1] / by_hand["seconds"][1]
        assert f"| {roster['rate']:,} | {ratio:.2f} | " in text
        assert f" | {seed['rate']:,} | " in text
    assert "The code has changed since then" not in text


def test_a_line_that_falls_is_told(run):
    rising = copy.deepcopy(run.result)
    for its in rising["measures"]:
        its["wall_us"] = [its["players"] + number for number in range(3)]
    count, lines = summary.falling(rising)
    assert (count, lines > len(VARIANTS)) == (0, True)
    falling = copy.deepcopy(rising)
    [first] = [
        its
        for its in falling["measures"]
        if (its["operation"], its["way"], its["subject"]) == ("find", "roster", "custom_user")
        and its["players"] == falling["players"]
    ]
    first["wall_us"] = [0, 0, 0]
    assert summary.falling(falling) == (1, lines)
    assert "Do not read growth from this run." in page(falling)
    assert "Do not read growth from this run." not in page(rising)


def test_the_page_says_that_the_code_is_newer(run):
    assert "The code has changed since then" in page(run.result | {"sources": "of other code"})


def test_the_page_about_recipes_shows_what_each_saves(run):
    text = page(run.result, "scale/making_it_faster.md")
    for row in show.faster(run.result):
        assert f"| {' | '.join(row)} |" in text
    assert "class SessionStore(db.SessionStore):" in text


def test_a_chart_leaves_the_rest_of_the_page_alone(run):
    charts = re.findall(r"<svg.*?</svg>", page(run.result))
    ids = [name for chart in charts for name in re.findall(r' id="([^"]+)"', chart)]
    assert len(set(ids)) == len(ids)
    assert not any("<style" in chart or "\n" in chart for chart in charts)


def test_no_database_is_left(run, bench, hold):
    assert left(hold(bench.folder).env()) == []


def left(server):
    """The databases of a bench on the server."""
    with postgres.connect(server, "postgres") as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench%'")
        return [name for (name,) in rows]


def test_ctrl_c_leaves_no_database_nor_does_a_run_that_was_killed_before(bench, hold):
    server = hold(bench.folder).env()
    databases.ensure(server, "bench_custom_user_77")
    process = subprocess.Popen(
        command("bench", "--quick"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
        env=environment(bench.folder),
        # a shell that starts the tests in the background lets them all ignore Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + STUCK
    while "bench_custom_user_0" not in left(server) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=STUCK)
    assert (process.returncode, said, errors) == (130, b"", b"")
    assert left(server) == []


class Interrupted(Exception):
    pass


def test_an_interrupted_run_goes_on_after_the_last_size_that_it_measured(bench, hold):
    server = hold(bench.folder).env()
    how = dataclasses.replace(plan(PLAYERS, quick=True), sizes=(200, 300), players=300)
    first, second = (
        Bench(server, [of_variant("custom_user")], how, 1, lambda *told: None) for _ in range(2)
    )

    def interrupt():
        raise Interrupted

    with pytest.raises(Interrupted):
        first.run(interrupt)
    part = json.loads(json.dumps(first.result("a command")))
    assert part["sizes"] == [200]
    second.go_on(copy.deepcopy(part))
    second.run()
    found = second.result("a command")
    assert found["sizes"] == [0, 200, 300]
    assert found["when"] == part["when"]
    count = len(part["measures"])
    assert found["measures"][:count] == part["measures"]
    assert {its["players"] for its in found["measures"][count:]} == {0, 300}


@pytest.fixture
def recorded_here(bench, hold, tmp_path, monkeypatch):
    """What a recording on this server begins with, in files of its own."""
    server = hold(bench.folder).env()
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(result, "RECORDED", tmp_path / "bench.json")
    how = plan(None, quick=False)
    return Bench(server, [], how, 1, lambda *told: None).result(result.COMMAND)


def test_a_result_of_this_code_is_not_measured_again(recorded_here):
    files.write_json(result.RECORDED, recorded_here)
    said = io.StringIO()
    measure_and_record(Console(file=said), fresh=False)
    assert said.getvalue() == "results/bench.json is of this code: nothing to do. See --fresh.\n"


@pytest.mark.parametrize("key", ["sources", "versions", "players"])
def test_a_result_of_other_code_or_versions_is_measured_again(recorded_here, key):
    files.write_json(result.RECORDED, recorded_here | {key: "another"})
    assert not is_like(recorded_here, result.RECORDED, MUST_MATCH)


def test_without_options_it_shows_the_recorded_result_without_a_server(tmp_path):
    said = Tool(tmp_path).run("bench").stdout
    assert result.read(result.RECORDED)["machine"]["cpu"] in said
    assert list(tmp_path.iterdir()) == []


def test_a_recorded_run_takes_no_options(bench):
    assert bench.complaint("bench", "--record", "--quick") == (
        "The recorded run has fixed options: leave out all but --fresh."
    )


def test_one_bench_at_a_time(bench, hold):
    server = hold(bench.folder).env()
    with postgres.connect(server, "postgres") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [databases.Turn.BENCH])
        assert bench.complaint("bench", "--quick") == (
            "workbench bench runs on this server already: wait for its end."
        )


def test_somebody_elses_database_is_not_touched(bench, hold):
    server = hold(bench.folder).env()
    with postgres.connect(server, "postgres") as connection:
        connection.execute("CREATE DATABASE bench_proxy_model_0")
    with postgres.connect(server, "bench_proxy_model_0") as connection:
        connection.execute("CREATE TABLE precious ()")
    assert bench.complaint("bench", "--quick").startswith(
        "The database bench_proxy_model_0 holds something that the workbench did not make: "
    )
    assert left(server) == ["bench_proxy_model_0"]
    databases.drop(server, "bench_proxy_model_0")


@pytest.mark.parametrize("players", ["0", "-5", "99"])
def test_too_few_players_are_one_sentence(bench, players):
    assert bench.complaint("bench", "--players", players) == (
        "Fewer than 100 players are too few to measure: say 100 or more."
    )


def test_more_players_than_names_are_one_sentence(bench):
    assert bench.complaint("bench", "--players", "10000000") == (
        "More than 9,999,999 players have no names here: say fewer."
    )


def test_a_disk_without_room_is_one_sentence(folder, monkeypatch):
    monkeypatch.setenv("WORKBENCH_DATA", str(folder))
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(WorkbenchError, match=r"need about 6,000,001\.5 GB in .* are free: make"):
        check_room(10**12, 4)


def test_a_result_that_cannot_be_written_is_one_sentence_before_the_run(bench, tmp_path):
    (tmp_path / "file").touch()
    said = bench.complaint("bench", "--output", str(tmp_path / "file" / "result.json"))
    assert said.startswith(f"Cannot write to {tmp_path}/file (")


def test_a_result_compared_with_itself_has_not_changed(run, bench):
    said = bench.run("bench", "--compare", str(run.file), "--output", str(run.file)).stdout
    assert "Nothing changed by more than the measuring varies." in said
    assert "Not alike" not in said


def compared(run, bench, tmp_path, alter):
    """What is said when this is done to the earlier result."""
    earlier = copy.deepcopy(run.result)
    alter(earlier)
    file = tmp_path / "earlier.json"
    file.write_text(json.dumps(earlier))
    return bench.run("bench", "--compare", str(file), "--output", str(run.file)).stdout


def test_a_statement_more_is_a_change(run, bench, tmp_path):
    def alter(earlier):
        find(earlier, "find", "custom_user", "roster")["statements"] += 1

    said = compared(run, bench, tmp_path, alter)
    [line] = [line.split() for line in said.splitlines() if "custom_user" in line]
    assert line == ["0.50", "x", "find", "custom_user", "roster", "1,100", "statements", "2", "1"]


def test_time_beyond_the_spread_is_a_change_of_that_way_alone(run, bench, tmp_path):
    def alter(earlier):
        its = find(earlier, "page", "foreignkey", "roster")
        its["cpu_us"] = [value * 100 for value in its["cpu_us"]]

    said = compared(run, bench, tmp_path, alter)
    [line] = [line.split() for line in said.splitlines() if " x " in line]
    assert line[:7] == ["0.01", "x", "page", "foreignkey", "roster", "1,100", "cpu"]


def test_a_slower_load_and_more_memory_are_changes_of_that_way_alone(run, bench, tmp_path):
    def alter(earlier):
        its = find_load(earlier, "custom_user", "roster", PLAYERS)
        its["seconds"] = [value / 100 for value in its["seconds"]]
        its["memory"] /= 2

    said = compared(run, bench, tmp_path, alter)
    lines = [line.split() for line in said.splitlines() if " x " in line]
    assert [line[2:7] for line in lines] == [
        ["load", "custom_user", "roster", "1,100", what] for what in ("wall", "memory")
    ]
    assert lines[1][0] == "2.00"


def test_a_result_from_before_loads_were_measured_can_be_compared(run, bench, tmp_path):
    said = compared(run, bench, tmp_path, lambda earlier: earlier.pop("loads"))
    assert "Nothing changed by more than the measuring varies." in said


def test_a_machine_that_was_slower_throughout_is_no_change_of_the_roster(run, bench, tmp_path):
    def alter(earlier):
        for its in earlier["measures"]:
            for name in ("wall_us", "cpu_us"):
                its[name] = [value * 100 for value in its[name]]
        for its in earlier["loads"]:
            its["seconds"] = [value * 100 for value in its["seconds"]]

    said = compared(run, bench, tmp_path, alter)
    assert " roster " not in said
    assert " sql " in said


def test_another_machine_is_said(run, bench, tmp_path):
    def alter(earlier):
        earlier["machine"]["cpu"] = "A Z80"
        earlier["players"] = 5_000_000

    said = compared(run, bench, tmp_path, alter)
    assert "Not alike in machine: cpu A Z80" in said
    assert "Not alike in players: 5,000,000 before, 1,100 after." in said


def test_a_file_that_is_not_there_is_one_sentence(bench, tmp_path):
    file = tmp_path / "none.json"
    assert bench.complaint("bench", "--compare", str(file)) == (
        f"{file} cannot be read (No such file or directory): name a result that is there."
    )


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"measures": 5}', "\x00", "{" * 9])
def test_a_file_of_another_kind_is_one_sentence(bench, tmp_path, content):
    file = tmp_path / "other.json"
    file.write_text(content)
    assert bench.complaint("bench", "--compare", str(file)) == (
        f"{file} is no result of `workbench bench`: name one that is."
    )
