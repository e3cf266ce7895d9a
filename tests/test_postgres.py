import os
import pwd
import signal
import subprocess
import sys
import time

import psutil
import psycopg
import pytest

from conftest import Tool, environment, postmaster, short_folder
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.server import databases, embedded, postgres

MIGRATIONS = "suite/questions/test_migrations.py"
MADE_BY_RUN = "WHERE datname ~ '^(test|scratch)_'"


def gone(process):
    _, alive = psutil.wait_procs([process], timeout=15)
    return not alive or process.status() == psutil.STATUS_ZOMBIE


def test_two_processes_that_start_at_once_share_one_server(hold):
    with short_folder() as folder:
        first, second = hold(folder), hold(folder)
        assert first.env() == second.env()
        first.leave()
        second.leave()


def test_the_server_stays_while_somebody_uses_it(bare, hold):
    first, second = hold(bare.folder), hold(bare.folder)
    first.env()
    env = second.env()
    first.leave()
    with postgres.connect(env, "postgres") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_server_stops_after_its_last_user(bare, hold):
    holder = hold(bare.folder)
    holder.env()
    server = postmaster(bare.folder)
    holder.leave()
    assert gone(server)


def test_the_server_stops_when_its_last_user_is_killed(bare, hold):
    holder = hold(bare.folder)
    holder.env()
    server = postmaster(bare.folder)
    holder.process.kill()
    assert gone(server)


def test_a_killed_server_starts_again_with_its_data(bare, hold):
    first = hold(bare.folder)
    with postgres.connect(first.env(), "postgres") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1")
    postmaster(bare.folder).kill()
    first.process.kill()
    with postgres.connect(hold(bare.folder).env(), "postgres") as connection:
        assert connection.execute("DROP TABLE kept").statusmessage == "DROP TABLE"


@pytest.mark.parametrize(
    "content",
    ["", "{pid}\n", "{pid}\n{data}\n1700000000\n5432\n{data}\n\n  1  2\nready\n"],
    ids=["an empty one", "a half-written one", "a whole one"],
)
def test_a_stale_postmaster_pid_stops_no_start(bare, hold, content):
    """The number in it is a living process's: the one that runs this test."""
    hold(bare.folder).leave()
    data = bare.folder / "data"
    text = content.format(pid=psutil.Process().pid, data=data)
    (data / "postmaster.pid").write_text(text)
    assert hold(bare.folder).env()["PGHOST"] == str(data)


def test_a_path_too_long_for_a_socket_does_not_matter(hold):
    with short_folder() as folder:
        holder = hold(folder / ("long" * 30))
        with postgres.connect(holder.env(), "postgres") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        holder.leave()


def test_case_and_order_are_the_same_on_every_system(bare, hold):
    with postgres.connect(hold(bare.folder).env(), "postgres") as connection:
        row = connection.execute("SELECT upper('é'), 'a' < 'B'").fetchone()
    assert row == ("É", False)


def test_a_pghost_that_points_nowhere_is_one_sentence(bare):
    sentence = bare.complaint("schema", "custom_user", PGHOST="/nowhere")
    assert sentence.startswith("No PostgreSQL to use at PGHOST=/nowhere (")


def test_a_pghost_that_points_nowhere_is_said_soon(bare):
    began = time.monotonic()
    bare.complaint("schema", "custom_user", PGHOST="203.0.113.1")
    assert time.monotonic() - began < 8


def test_a_pgservice_that_nobody_knows_is_one_sentence(bare):
    assert "PGSERVICE=unheard" in bare.complaint("schema", "custom_user", PGSERVICE="unheard")


def test_pghost_is_used_instead_of_the_embedded_server(bare, hold):
    env = hold(bare.folder).env()
    with short_folder() as unused:
        done = Tool(unused).run("manage", "custom_user", "version", **env)
        assert done.returncode == 0
        assert list(unused.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_sentence():
    sentence = Tool("/etc/passwd/data").complaint("schema", "custom_user")
    assert sentence.startswith("Cannot write to /etc/passwd/data (Not a directory): ")


@pytest.mark.parametrize("name", ["$(touch it)", "`touch it`", '"; touch it; "', "$HOME"])
def test_a_folder_that_a_shell_would_interpret_is_one_sentence(name):
    with short_folder() as parent:
        said = Tool(parent / name).complaint("schema", "custom_user")
        assert said.startswith(f"PostgreSQL cannot use {parent}/{name}, because a shell gives ")
        assert said.endswith("a meaning: name another folder with WORKBENCH_DATA.")
    assert not (PROJECT / "it").exists()


def test_a_closed_parent_folder_is_open_only_while_root_runs_postgresql(hold):
    """And root is told so; every other user runs PostgreSQL as themselves."""
    with short_folder() as parent:
        parent.chmod(0o700)
        holder = hold(parent / "workbench")
        holder.env()
        meanwhile = parent.stat().st_mode & 0o777
        holder.leave()
        assert meanwhile == (0o701 if embedded.AS_ROOT else 0o700)
        assert parent.stat().st_mode & 0o777 == 0o700
        said = f"may pass through {parent} (chmod o+x)" in holder.complained
        assert said == embedded.AS_ROOT


def test_a_user_without_a_name_is_told_what_helps():
    """As in `docker run --user 12345`."""
    numbers = {user.pw_uid for user in pwd.getpwall()}
    nameless = next(number for number in range(12345, 65536) if number not in numbers)
    with pytest.raises(WorkbenchError, match=f"User {nameless} is not in /etc/passwd, .* PGHOST"):
        embedded.check_user(nameless)


def test_each_user_with_a_name_may_run_postgresql():
    embedded.check_user(os.getuid())


def test_a_folder_of_another_postgresql_is_one_sentence():
    with short_folder() as folder:
        (folder / "data").mkdir()
        (folder / "data" / "PG_VERSION").write_text("9\n")
        assert "was made by PostgreSQL 9" in Tool(folder).complaint("schema", "custom_user")


@pytest.fixture
def server(bare, hold):
    return hold(bare.folder).env()


@pytest.fixture
def database(server):
    """A database that somebody else made, with the name of a variant."""
    with postgres.connect(server, "postgres") as connection:
        connection.execute("DROP DATABASE IF EXISTS foreignkey")
        connection.execute("CREATE DATABASE foreignkey")
        yield "foreignkey"
        connection.execute("DROP DATABASE foreignkey WITH (FORCE)")


@pytest.fixture
def treasure(server, database):
    """Something in it that must not be lost."""
    with postgres.connect(server, database) as connection:
        connection.execute("CREATE TABLE treasure AS SELECT 100 AS gold")
        yield lambda: connection.execute("SELECT gold FROM treasure").fetchone()


def test_an_empty_database_is_adopted(server, database):
    databases.ensure(server, database)
    with postgres.connect(server, database) as connection:
        connection.execute("CREATE TABLE ours ()")
    databases.ensure(server, database)


def test_ctrl_c_while_a_database_is_made_leaves_none(server, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(databases, "_mark", interrupted)
    with pytest.raises(KeyboardInterrupt):
        databases.ensure(server, "half_made")
    assert not databases.exists(server, "half_made")


def test_a_database_of_somebody_else_is_refused(server, database, treasure):
    with pytest.raises(WorkbenchError, match="foreignkey holds something that the workbench did"):
        databases.ensure(server, database)


@pytest.mark.parametrize(
    "arguments", [["serve"], ["try"], ["schema", "foreignkey"], ["manage", "foreignkey", "flush"]]
)
def test_a_database_of_somebody_else_is_not_touched(bare, database, treasure, arguments):
    assert "nothing was touched" in bare.complaint(*arguments)
    assert treasure() == (100,)


def test_a_database_that_cannot_hold_every_name_is_refused(server, database):
    databases.drop(server, database)
    with postgres.connect(server, "postgres") as connection:
        connection.execute(
            f"CREATE DATABASE {database} TEMPLATE template0 ENCODING SQL_ASCII LC_COLLATE 'C'"
            " LC_CTYPE 'C' LOCALE_PROVIDER libc"
        )
    with pytest.raises(WorkbenchError, match="foreignkey has the encoding SQL_ASCII"):
        databases.ensure(server, database)


def test_a_user_who_may_not_create_databases_is_told_what_to_ask_for(bare, server):
    with postgres.connect(server, "postgres") as connection:
        connection.execute("DROP DATABASE IF EXISTS proxy_model")
        connection.execute("CREATE ROLE guest LOGIN")
        sentence = bare.complaint("schema", "proxy_model", **server | {"PGUSER": "guest"})
        connection.execute("DROP ROLE guest")
    assert "may not create the database proxy_model: give it CREATEDB" in sentence


def test_a_site_can_be_built_while_a_benchmark_runs(server):
    with (
        databases.alone(server, databases.Turn.TAKE_SNAPSHOTS),
        databases.alone(server, databases.Turn.BENCH, busy="It is busy."),
    ):
        pass


def test_a_killed_run_of_the_suite_leaves_only_marked_databases(bare, hold):
    env = hold(bare.folder).env()
    run = subprocess.Popen(
        [*(sys.executable, "-m", "pytest", "-q", "--variant", "custom_user"), MIGRATIONS],
        cwd=PROJECT,
        env=environment(bare.folder),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    left = f"SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database {MADE_BY_RUN}"
    with postgres.connect(env, "postgres") as connection:
        until = time.monotonic() + 60
        while not any("scratch_" in name for name, _ in connection.execute(left).fetchall()):
            assert run.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        # between CREATE DATABASE and COMMENT is a moment, which does not count
        time.sleep(0.2)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        found = dict(connection.execute(left).fetchall())
    assert {f"test_{name}" for name in ("custom_user", "custom_user_template")} <= found.keys()
    assert set(found.values()) == {databases.MARK}


def test_of_one_kind_only_one_runs_at_a_time(server):
    another = databases.alone(server, databases.Turn.BENCH, busy="It is busy.")
    with databases.alone(server, databases.Turn.BENCH), pytest.raises(WorkbenchError, match="busy"):
        another.__enter__()


def test_what_postgresql_says_reaches_the_user_as_one_line():
    error = psycopg.OperationalError("connection failed: FATAL:  no room\nTry later.")
    assert postgres.reason(error) == "no room"


@pytest.mark.parametrize(("locale", "knows"), [("C.UTF-8", True), ("C", False)])
def test_a_database_that_knows_only_ascii_is_recognised(server, database, locale, knows):
    databases.drop(server, database)
    with postgres.connect(server, "postgres") as connection:
        connection.execute(
            f"CREATE DATABASE {database} TEMPLATE template0"
            f" LOCALE_PROVIDER builtin BUILTIN_LOCALE '{locale}' LC_CTYPE 'C'"
        )
    assert databases.ignores_case(server, database) is knows
