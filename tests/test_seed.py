"""`workbench seed`, and what it loads."""

import contextlib
import re
import subprocess
import time
from datetime import date

import psutil
import pytest
from sample import sample

from conftest import Holder, Tool, command, environment, short_folder
from workbench.paths import PROJECT
from workbench.schema import tables
from workbench.seed.command import load
from workbench.seed.players import players
from workbench.server import databases, postgres
from workbench.server.databases import DEMO
from workbench.server.processes import last_line
from workbench.variants import VARIANTS

EXTRAS = ["birthdate", "discord_id", "zoom_id"]
DEMO_PLAYERS = len((PROJECT / "workbench" / "server" / "demo.csv").read_text().splitlines()) - 1
# more than a block of the loader
NUMBER = 12_000


# The players


def test_the_same_seed_makes_the_same_players():
    assert list(players(100, 7)) == list(players(100, 7))


def test_fewer_players_are_the_beginning_of_more():
    assert list(players(100)) == list(players(1000))[:100]


def test_a_player_is_known_by_number_alone():
    assert list(players(1, 7, first=1000)) == list(players(1000, 7))[-1:]


def test_two_seeds_share_no_player():
    assert not {its["username"] for its in players(1000, 1)} & {
        its["username"] for its in players(1000, 2)
    }


@pytest.mark.parametrize("name", ["username", "email", "discord_id", "zoom_id"])
def test_no_two_players_share(name):
    given = [its[name] for its in players(50_000) if name in its]
    assert len(set(given)) == len(given)


@pytest.mark.parametrize("name", EXTRAS)
def test_most_give_each_extra_and_some_leave_it_blank(name):
    given = sum(name in its for its in players(1000))
    assert 500 < given < 1000


def test_without_extras_the_rest_is_the_same():
    plain = list(players(100, extras=False))
    with_extras = [{key: its[key] for key in ("username", "email")} for its in players(100)]
    assert plain == with_extras


@pytest.mark.parametrize("seed", [0, 1, 999_999_999])
def test_a_players_details_are_such_as_a_form_accepts(seed):
    for its in players(1000, seed):
        assert re.fullmatch(r"[\w.@+-]{1,150}", its["username"])
        assert re.fullmatch(r"[0-9]{18}", its.get("discord_id", "1" * 18))
        assert re.fullmatch(r"[0-9]{9,11}", its.get("zoom_id", "1" * 9))
        assert 1900 < date.fromisoformat(its.get("birthdate", "1990-01-01")).year < 2011


# The command


@pytest.fixture(scope="module")
def seeded():
    """The command line after it has seeded all four, and what it said."""
    with short_folder() as folder:
        tool = Tool(folder)
        done = tool.run("seed", "all", "--players", str(NUMBER), "--seed", "7")
        assert done.returncode == 0, done.stderr
        yield tool, done.stdout


@pytest.fixture(scope="module")
def env(seeded):
    """libpq's variables of the server with the seeded databases."""
    holder = Holder(seeded[0].folder)
    yield holder.env()
    holder.leave()


def asked(env, variant, query, database=None):
    with postgres.connect(env, database or variant) as connection:
        users = "players_user" if variant == "custom_user" else "auth_user"
        return connection.execute(query.format(users=users)).fetchall()


def joined(variant):
    """The table, or tables, that have all of a player."""
    return (
        "{users}"
        if variant in ("custom_user", "proxy_model")
        else "{users} u JOIN person ON u.id = user_id"
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_summary_has_a_line_for_each_variant(seeded, variant):
    [line] = [line for line in seeded[1].splitlines() if variant in line]
    assert f"{NUMBER:,}" in line


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_has_exactly_these_players(env, variant):
    names = ["username", "email", *([] if variant == "proxy_model" else EXTRAS)]
    found = asked(
        env,
        variant,
        f"SELECT {', '.join(f'{name}::text' for name in names)} FROM {joined(variant)}"
        " WHERE username ~ '-7-[0-9]+$'",
    )
    expected = [tuple(its.get(name) for name in names) for its in players(NUMBER, 7)]
    assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_demo_players_are_there_too(env, variant):
    assert asked(env, variant, "SELECT count(*) FROM {users}") == [(NUMBER + DEMO_PLAYERS + 1,)]
    assert asked(
        env, variant, f"SELECT is_superuser FROM {{users}} WHERE username = '{DEMO['superuser']}'"
    ) == [(True,)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_nobody_of_the_seed_can_log_in(env, variant):
    query = "SELECT DISTINCT left(password, 1) FROM {users} WHERE username ~ '-7-[0-9]+$'"
    assert asked(env, variant, query) == [("!",)]


@pytest.mark.parametrize("variant", sample(VARIANTS, ["foreignkey"]))
def test_the_tables_are_what_they_are_without_a_load(env, variant):
    """Indexes and constraints by name and definition, and the columns' defaults."""
    fresh = f"scratch_{variant}"
    databases.ensure(env, fresh)
    load(env, variant, fresh, 1)
    assert definitions(env, variant, variant) == definitions(env, variant, fresh)


def definitions(env, variant, database):
    return [
        asked(env, variant, query, database)
        for query in (
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid"
            " FROM pg_index JOIN pg_class ON oid = indrelid WHERE relkind = 'r' ORDER BY 1",
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
            " FROM pg_constraint WHERE conrelid > 0 ORDER BY 1, 2",
            "SELECT adrelid::regclass::text, adnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef",
        )
    ]


@pytest.mark.parametrize("variant", VARIANTS)
def test_postgresql_has_counted_the_players(env, variant):
    [(counted,)] = asked(
        env, variant, "SELECT reltuples FROM pg_class WHERE oid = '{users}'::regclass"
    )
    assert counted >= NUMBER


@pytest.mark.parametrize("variant", sample(VARIANTS, ["custom_user", "foreignkey"]))
def test_the_next_player_gets_a_new_id(seeded, env, variant):
    program = "from players import roster; print(roster.register('tasha', 'owlbear'))"
    done = seeded[0].run("manage", variant, "shell", "--no-imports", "-c", program)
    assert int(done.stdout) > NUMBER, done.stderr


def test_the_same_seed_again_is_one_sentence_and_adds_nobody(seeded, env):
    before = asked(env, "custom_user", "SELECT count(*) FROM {users}")
    assert seeded[0].complaint("seed", "custom_user", "--players", "100", "--seed", "7") == (
        "custom_user holds players of seed 7 already, so nothing was added. "
        "Use another --seed to add others."
    )
    assert asked(env, "custom_user", "SELECT count(*) FROM {users}") == before


def test_a_variant_that_has_another_number_of_them_keeps_them_from_all(seeded, env):
    """One of four refuses before another is begun."""
    assert seeded[0].run("seed", "foreignkey", "--players", "10", "--seed", "8").returncode == 0
    for number in ("9", "11"):
        assert "foreignkey holds players of seed 8 already" in seeded[0].complaint(
            "seed", "all", "--players", number, "--seed", "8"
        )
    assert asked(env, "proxy_model", "SELECT FROM {users} WHERE username ~ '-8-[0-9]+$'") == []


def test_all_completes_what_an_interrupted_run_has_left_out(seeded, env):
    options = ("--players", "10", "--seed", "10")
    assert seeded[0].run("seed", "foreignkey", *options).returncode == 0
    assert seeded[0].run("seed", "all", *options).returncode == 0
    for variant in VARIANTS:
        [(number,)] = asked(
            env, variant, "SELECT count(*) FROM {users} WHERE username ~ '-10-[0-9]+$'"
        )
        assert number == 10
    assert seeded[0].complaint("seed", "all", *options).startswith("All hold players of seed 10")


def test_no_process_that_the_tool_starts_has_the_password_on_its_command_line(seeded):
    """Of the tool's own, the user has the choice: SEED_PASSWORD instead of --password."""
    process = subprocess.Popen(
        command("seed", "custom_user", "--players", "20000", "--seed", "11"),
        cwd=PROJECT,
        env=environment(seeded[0].folder, SEED_PASSWORD="owlbear in the attic"),
    )
    lines = set()
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            family = [psutil.Process(process.pid)]
            family += family[0].children(recursive=True)
            lines |= {" ".join(one.cmdline()) for one in family}
        time.sleep(0.05)
    assert process.returncode == 0
    assert any("workbench.seed.inside.add" in line for line in lines)
    assert not any("owlbear" in line for line in lines)


def test_another_seed_adds_to_it_and_all_may_have_one_password(seeded, env):
    options = ("--players", "20", "--seed", "9", "--password", "owlbear in the attic")
    assert seeded[0].run("seed", "custom_user", *options).returncode == 0
    query = "SELECT DISTINCT password FROM {users} WHERE username ~ '-9-[0-9]+$'"
    [(secret,)] = asked(env, "custom_user", query)
    assert secret.startswith("argon2$")


# What it refuses


@pytest.mark.parametrize("number", ["0", "-5", "2000000001"])
def test_a_number_beyond_reason_is_one_sentence(bare, number):
    assert bare.complaint("seed", "all", "--players", number) == (
        "Say how many players, from 1 to 2,000,000,000: --players 100000."
    )


@pytest.mark.parametrize("seed", ["-1", "1000000000"])
def test_a_seed_beyond_reason_is_one_sentence(bare, seed):
    assert bare.complaint("seed", "all", "--seed", seed) == "Say a --seed from 0 to 999,999,999."


def test_a_misspelt_variant_is_one_sentence(bare):
    assert "did you mean foreignkey?" in bare.complaint("seed", "foreign_key")


def test_more_than_the_disk_holds_is_one_sentence(bare):
    said = bare.complaint("seed", "all", "--players", "2000000000")
    assert said.startswith("8,000,000,000 players need about 8,000.0 GB in ")
    assert said.endswith("say fewer --players, or name another folder with WORKBENCH_DATA.")


def test_the_context_of_an_error_is_not_taken_for_the_error():
    assert last_line("x.Error: no space\nCONTEXT: COPY auth_user, line 3\n") == "x.Error: no space"


def test_told_hears_how_many_were_handed_over(env):
    databases.ensure(env, "scratch_told")
    heard = []
    loaded = load(env, "custom_user", "scratch_told", 25_000, told=heard.append)
    assert heard == [10_000, 20_000, 25_000]
    assert (loaded.variant, loaded.players) == ("custom_user", 25_000)
    assert tables.user_table("custom_user", tables.read(env, "custom_user")) == "players_user"
