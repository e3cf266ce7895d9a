import subprocess

import pytest

from conftest import command, environment
from workbench.paths import PROJECT
from workbench.variants import VARIANTS

COMMANDS = [
    *("choose", "compare", "matrix", "try", "schema", "serve", "manage", "seed", "diagnose"),
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
