"""The twelve folders are parallel: what they share stands once, and copies are proved equal."""

import re

import pytest

from workbench import variants
from workbench.move.moves import all_moves
from workbench.paths import PROJECT

MOVES = {it.name: it for it in all_moves()}
SECTIONS = ["Try it", "What happens, step by step", "Locks and time", "What cannot be kept"]
SECTIONS += ["What to tell your users", "Do it", "How to go back"]


def file(it, variant, name):
    return (variants.path(variant) / "players" / "migrations" / name).read_bytes()


@pytest.mark.parametrize("it", MOVES.values(), ids=MOVES)
def test_it_has_migrations_settings_and_a_readme_and_nothing_else(it):
    names = {path.name for path in it.folder.iterdir() if path.name != "__pycache__"}
    assert names == {"__init__.py", "migrations", "settings.py", "README.md"}


@pytest.mark.parametrize("it", MOVES.values(), ids=MOVES)
def test_its_settings_are_the_targets_and_one_line(it):
    lines = [line for line in (it.folder / "settings.py").read_text().splitlines() if line]
    assert len(lines) == 2
    assert lines[0].startswith("from config.settings import *")
    assert lines[1] == f'MIGRATION_MODULES = {{"players": "moves.{it.name}.migrations"}}'


@pytest.mark.parametrize("it", MOVES.values(), ids=MOVES)
def test_it_goes_on_from_the_sources_own_migrations(it):
    for name in ("0001_initial.py", "0002_unique_username_ignoring_case.py"):
        copy = (it.folder / "migrations" / name).read_bytes()
        anew = name == "0001_initial.py" and (
            it.target == "custom_user" or it.source == "proxy_model"
        )
        assert (copy == file(it, it.source, name)) != anew


@pytest.mark.parametrize("it", MOVES.values(), ids=MOVES)
def test_no_two_moves_have_migrations_that_could_be_taken_for_each_other(it):
    """A recorded name is not run again: on the way A to B to A that would migrate nothing."""
    other = MOVES.get(f"{it.target}_to_{it.source}")
    names = [path.stem for path in (it.folder / "migrations").glob("000[3-9]*.py")]
    theirs = {path.stem for path in (other.folder / "migrations").glob("000[3-9]*.py")}
    assert names
    assert set(names) & theirs == set()


@pytest.mark.parametrize("it", MOVES.values(), ids=MOVES)
def test_its_readme_is_a_page_with_the_same_parts_and_names_its_migrations(it):
    text = (it.folder / "README.md").read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) < 90
    for path in (it.folder / "migrations").glob("000[3-9]*.py"):
        assert f"`{path.stem[:4]}`" in text


STAGED = {it.staged_name: it for it in MOVES.values() if it.stages}


@pytest.mark.parametrize("it", STAGED.values(), ids=STAGED)
def test_a_staged_move_differs_from_the_plain_one_in_its_own_migrations_only(it):
    folder = it.folder.with_name(it.staged_name)
    settings = (it.folder / "settings.py").read_text().replace(it.name, it.staged_name)
    assert (folder / "settings.py").read_text() == settings
    for name in ("0001_initial.py", "0002_unique_username_ignoring_case.py"):
        plain = (it.folder / "migrations" / name).read_bytes()
        assert (folder / "migrations" / name).read_bytes() == plain


@pytest.mark.parametrize("it", STAGED.values(), ids=STAGED)
def test_a_staged_move_has_no_migration_that_could_be_taken_for_another_moves(it):
    names = own(it.folder.with_name(it.staged_name))
    others = {f"{it.target}_to_{it.source}", it.name}
    assert names
    assert all(names & own(MOVES[other].folder) == set() for other in others)


@pytest.mark.parametrize("it", STAGED.values(), ids=STAGED)
def test_a_staged_moves_readme_names_its_migrations_and_its_stages(it):
    folder = it.folder.with_name(it.staged_name)
    text = (folder / "README.md").read_text()
    assert all(f"`{name[:4]}`" in text for name in own(folder) if name[:4] != it.stages.both)
    assert f"`migrate players {it.stages.both}`" in text
    assert f"`migrate players {it.stages.alone}`" in text
    assert [part for part in SECTIONS if part != "Do it" and f"## {part}\n" not in text] == []


def own(folder):
    """The names of a folder's own migrations, after the source's two."""
    names = {path.stem for path in (folder / "migrations").glob("0*.py")}
    return {name for name in names if not name.startswith(("0001", "0002"))}


def test_no_move_knows_the_workbench():
    for path in (PROJECT / "moves").rglob("*.py"):
        assert "workbench" not in path.read_text(), path
