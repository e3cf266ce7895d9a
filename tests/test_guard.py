"""Runs of the suite that must not get far: the wrong variant imported, another run under way."""

import os
import subprocess
import sys

import fasteners
import pytest
from sample import sample

from workbench import variants
from workbench.paths import PROJECT

# Imports players from the wrong variant before the root conftest.py can say which is the right one.
SABOTEUR = "import sys; sys.path.insert(0, {folder!r}); import players"


@pytest.mark.parametrize("arguments", sample([(), ("--variant", "custom_user")], [()]))
def test_the_guard_stops_a_process_with_the_wrong_variant(sites, tmp_path, arguments):
    wrong = str(variants.path("foreignkey"))
    (tmp_path / "saboteur.py").write_text(SABOTEUR.format(folder=wrong))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "saboteur", *arguments, "-k", "nothing at all"],
        cwd=PROJECT,
        env={
            **os.environ,
            **sites.env,
            "PYTHONPATH": str(tmp_path),
            "WORKBENCH_DATA": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    [sentence] = ended.stderr.strip().splitlines()
    assert f", but it has imported players from {wrong}" in sentence
    assert "INTERNALERROR" not in ended.stdout
    assert "passed" not in ended.stdout


def test_a_second_run_at_the_same_time_is_refused(tmp_path):
    with fasteners.InterProcessLock(tmp_path / "suite.lock"):
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "--variant", "custom_user"],
            cwd=PROJECT,
            env={**os.environ, "WORKBENCH_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "The suite is being run already" in ended.stderr
