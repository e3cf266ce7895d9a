import signal
import subprocess
import sys
import time

import pytest

from conftest import Tool, command, environment
from workbench.paths import PROJECT
from workbench.variants import VARIANTS

COMMANDS = [
    *(
        "choose",
        "find",
        "compare",
        "matrix",
        "try",
        "schema",
        "serve",
        "manage",
        "seed",
        "diagnose",
    ),
    *("move", "bench", "site", "notebook"),
]
OF_MOVE = ["list", "run", "all", "staged", "record", "database"]


def test_help_names_every_command(bare):
    said = bare.run("--help").stdout
    assert [name for name in COMMANDS if f" {name} " not in said] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example(bare, name):
    assert f"Example: workbench {name}" in bare.run(name, "--help").stdout


@pytest.mark.parametrize("name", OF_MOVE)
def test_each_kind_of_move_has_an_example(bare, name):
    assert f"Example: workbench move {name}" in bare.run("move", name, "--help").stdout


def test_no_command_at_all_is_help(bare):
    assert "Usage: " in bare.run().stdout


def test_an_unknown_command_is_one_sentence(bare):
    assert bare.complaint("serv") == (
        "No such command 'serv'. Did you mean 'serve'? Try `workbench --help`."
    )


def test_an_unknown_option_is_one_sentence(bare):
    assert bare.complaint("serve", "--prot").startswith("No such option: --prot")


def test_a_missing_argument_is_one_sentence(bare):
    assert bare.complaint("manage").startswith("Missing argument 'variant'. Try ")


def test_a_name_that_is_like_none_gets_the_list(bare):
    assert bare.complaint("schema", "mongo") == (
        f"No variant is called 'mongo': there are {', '.join(VARIANTS)}."
    )


def test_ctrl_c_at_any_moment_of_the_start_is_no_traceback(bare):
    program = "import workbench.__main__ as it; print('.', flush=True); it.main()"
    for tenth in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", program, "choose", "--list"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=environment(bare.folder),
        )
        process.stdout.readline()
        time.sleep(0.05 + tenth / 10)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        # while Python itself starts or ends, the signal is the end
        assert process.returncode in (0, 130, -signal.SIGINT)
        assert said == ""


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
@pytest.mark.parametrize(
    "arguments", [["choose", "--list"], ["compare"], ["schema", "custom_user"], ["try"]]
)
def test_a_locale_without_utf_8_does_not_matter(tool, locale, arguments):
    done = tool.run(*arguments, LC_ALL=locale, PYTHONIOENCODING="")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "--fresh", "--question", "nope"],
        ["compare", "--fresh", "--area", "nope"],
        ["move", "run", "foreignkey", "custom_user", "--duplicates", "silly"],
        ["notebook", "--port", "99999"],
        ["notebook", "mongo"],
        ["seed", "all", "--players", "0"],
    ],
    ids=" ".join,
)
def test_a_wrong_argument_is_refused_before_anything_runs(arguments, tmp_path):
    tool = Tool(tmp_path / "nothing")
    tool.complaint(*arguments)
    assert not tool.folder.exists()


@pytest.mark.parametrize("arguments", [["compare"], ["choose", "--list"], ["schema", "foreignkey"]])
def test_a_reader_of_one_line_ends_the_command_well(tool, arguments):
    """As in `workbench compare | head -1`."""
    process = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
        env=environment(tool.folder),
    )
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 0
    assert "rror" not in said


def test_a_reader_who_leaves_early_gets_no_traceback(tool):
    """As in `workbench schema custom_user | head -1`."""
    process = subprocess.Popen(
        command("schema", "custom_user"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
        env=environment(tool.folder),
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()
