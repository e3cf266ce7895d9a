"""The recipes: each is a project whose own tests pass, and whose files are all on its page."""

import os
import subprocess
import sys

import pytest

from workbench.paths import PROJECT

RECIPES = PROJECT / "recipes"
NAMES = sorted(path.parent.name for path in RECIPES.glob("*/settings.py"))
# what makemigrations writes, and what is empty
NOT_SHOWN = ("__init__.py", "0001_initial.py")


def manage(name, server, python, *arguments):
    """Run manage.py's command in a recipe's folder, with every warning of Django as an error."""
    return subprocess.run(
        [*python, "-W", "error::DeprecationWarning", "-m", "django", *arguments],
        cwd=RECIPES / name,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")},
            **server,
            "PYTHONPATH": os.pathsep.join([str(RECIPES / name), str(RECIPES)]),
            "DJANGO_SETTINGS_MODULE": "settings",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def passes(name, server, python):
    found = manage(name, server, python, "test", "--noinput")
    assert found.returncode == 0, found.stderr
    assert "Ran 0 tests" not in found.stderr


@pytest.mark.parametrize("name", NAMES)
def test_its_tests_pass(name, server):
    passes(name, server, [sys.executable])


@pytest.mark.parametrize("name", NAMES)
def test_its_tests_pass_on_the_newest_django(name, server, newest_django):
    passes(name, server, newest_django)


@pytest.mark.parametrize("name", NAMES)
def test_its_migrations_are_those_of_its_models(name, server):
    found = manage(
        name, server, [sys.executable], "makemigrations", "--check", "--dry-run", "--skip-checks"
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("name", NAMES)
def test_its_page_shows_every_file(name):
    page = (PROJECT / "docs" / "recipes" / f"{name}.md").read_text()
    for path in (RECIPES / name).rglob("*.py"):
        if path.name not in NOT_SHOWN:
            assert f'file("{path.relative_to(PROJECT).as_posix()}")' in page, path


def test_every_page_has_a_recipe():
    pages = {path.stem for path in (PROJECT / "docs" / "recipes").glob("*.md")}
    assert pages - {"index"} == set(NAMES)
