"""What the README says is so."""

import re
import shlex

import pytest

from workbench.compare.run_suite import measured
from workbench.paths import PROJECT

README = (PROJECT / "README.md").read_text()
TABLE = re.compile(r"<!-- (workbench compare [^>]*) -->\n(.*?)\n\n", re.DOTALL)


def test_the_table_is_what_its_command_prints(tool):
    command, table = TABLE.search(README).groups()
    assert tool.run(*shlex.split(command)[1:]).stdout.strip() == table
    assert len(table.splitlines()) == 2 + 6


@pytest.mark.parametrize("command", sorted(set(re.findall(r"bin/workbench ([a-z]+)", README))))
def test_each_command_that_it_names_exists(tool, command):
    assert tool.run(command, "--help").returncode == 0


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([a-z]+)`?", README))))
def test_each_target_that_it_names_exists(target):
    assert re.search(rf"^{target}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)\)", README))))
def test_each_file_that_it_names_exists(path):
    assert (PROJECT / path).exists()


def test_there_are_as_many_questions_as_it_says():
    claimed = int(re.search(r"more than ([0-9]+) such questions", README)[1])
    assert len(measured()["questions"]) > claimed
