"""The parts of files that pages show: found by name, complete, and as they stand in the file."""

import json
import subprocess
import sys

import pytest

from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.site.excerpts import Source, section
from workbench.site.macros import Macros
from workbench.variants import VARIANTS

MODULE = '''\
"""What the file is for."""

import functools
import os.path
from datetime import date, timedelta

from django.db import (
    connection,
    models,
)

from players import roster as book

# How long somebody is new.
NEW_FOR = timedelta(days=30)
SIZE: int = 50
ONE, TWO = 1, 2

# This comment belongs to nothing.

# Two decorators,
# and a comment of two lines.
@functools.cache
@book.kept
def newcomers(day=None, models=()):
    """Use a parameter that has the name of an import."""
    # the same word as a string: timedelta
    return [one for one in models if one.joined > (day or date.today()) - NEW_FOR]


async def later():
    return await newcomers()


class Other:
    pass


class Outer(Other):
    size = SIZE

    class Inner:
        # above the decorator
        @property
        def path(self):
            text = """
    stands apart
"""
            return os.path.join(text, later())

        @path.setter
        def path(self, new):
            models.save(connection, new)

    def last(self):
        return 1
        # the end of last()

    async def first(self):
        return Other()


ONE += TWO
'''


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(MODULE)
    return Source(path)


def test_names_are_listed_in_the_order_of_the_file(source):
    functions = ["newcomers", "later"]
    assert source.names == ["NEW_FOR", "SIZE", "ONE", "TWO", *functions, "Other", "Outer"]


def test_without_a_name_it_is_the_whole_file(source):
    assert source.excerpt() == MODULE.strip()


def test_a_function_has_its_decorators_comment_imports_and_variables(source):
    assert (
        source.excerpt("newcomers")
        == '''\
import functools
from datetime import date, timedelta

from players import roster as book

# How long somebody is new.
NEW_FOR = timedelta(days=30)


# Two decorators,
# and a comment of two lines.
@functools.cache
@book.kept
def newcomers(day=None, models=()):
    """Use a parameter that has the name of an import."""
    # the same word as a string: timedelta
    return [one for one in models if one.joined > (day or date.today()) - NEW_FOR]'''
    )


def test_an_async_function_brings_the_functions_that_it_calls(source):
    assert source.excerpt("later") == source.excerpt("newcomers", "later")
    assert source.excerpt("later").endswith("async def later():\n    return await newcomers()")


def test_a_class_brings_no_other_class(source):
    assert source.excerpt("Outer.size") == "SIZE: int = 50\n\nsize = SIZE"
    assert "class Other:" not in source.excerpt("Outer")
    assert "class Other:\n    pass\n\n\nclass Outer(Other):" in source.excerpt("Outer", "Other")


def test_a_method_of_a_nested_class_stands_at_the_left_with_its_setter(source):
    found = source.excerpt("Outer.Inner.path")
    assert found.startswith("import functools\nimport os.path\n")
    assert "from django.db import (\n    connection,\n    models,\n)\n" in found
    assert found.endswith('''
# above the decorator
@property
def path(self):
    text = """
    stands apart
"""
    return os.path.join(text, later())


@path.setter
def path(self, new):
    models.save(connection, new)''')


def test_the_end_of_a_method_is_not_the_comment_of_the_next(source):
    assert source.excerpt("Outer.first") == "async def first(self):\n    return Other()"


def test_of_an_import_only_what_is_used_is_shown(source):
    imports, variable = source.excerpt("NEW_FOR").split("\n\n")
    assert imports == "from datetime import timedelta"
    assert variable == "# How long somebody is new.\nNEW_FOR = timedelta(days=30)"


def test_a_variable_is_all_that_is_assigned_to_it(source):
    assert source.excerpt("ONE") == "ONE, TWO = 1, 2\n\nONE += TWO"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody", "'nobody': it has NEW_FOR, SIZE, ONE, TWO, newcomers, later, Other, Outer."),
        ("Outer.nobody", "'Outer.nobody': Outer has size, Inner, last, first."),
        ("date", "'date': it has NEW_FOR, SIZE, ONE, TWO, newcomers, later, Other, Outer."),
    ],
)
def test_an_unknown_name_is_refused_with_the_names_that_there_are(source, name, said):
    assert not source.has(name)
    with pytest.raises(WorkbenchError) as raised:
        source.excerpt(name)
    assert str(raised.value) == f"{source.path} has no {said}"


def test_no_part_of_the_variants_lacks_a_name_or_has_an_import_too_many(tmp_path):
    for path in PROJECT.glob("variants/*/players/*.py"):
        its = Source(path)
        classes = [name for name in its.names if f"\nclass {name}" in its.text]
        for name in its.names:
            file = tmp_path / f"{path.parts[-3]}_{path.stem}_{name}.py"
            file.write_text(its.excerpt(name, *classes))
    assert len(list(tmp_path.iterdir())) > len(VARIANTS)
    check = ["ruff", "check", "--isolated", "--select", "F401,F821", str(tmp_path)]
    ended = subprocess.run([sys.executable, "-m", *check], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_section_of_markdown_ends_where_the_next_of_its_level_begins(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("# A\n\n## B\n\nb\n\n```console\n# no heading\n```\n\n### C\n\n## D\n\nd\n")
    assert section(path, "B") == "## B\n\nb\n\n```console\n# no heading\n```\n\n### C"
    assert section(path, "D") == "## D\n\nd"
    with pytest.raises(WorkbenchError) as raised:
        section(path, "no heading")
    assert str(raised.value) == f"{path} has no heading 'no heading': it has 'A', 'B', 'C', 'D'."


# As a page asks for it


@pytest.fixture
def macros():
    return Macros({"questions": []}, {}, "tutorial/2-model.md")


def test_code_has_a_tab_for_each_variant_that_has_the_name(macros):
    shown = macros.code("players/models.py", "Person", "User")
    assert [f'=== "{name}"' in shown or f'===! "{name}"' in shown for name in VARIANTS] == [
        False,
        True,
        True,
        True,
    ]


def test_a_variant_that_lacks_the_name_says_what_it_has_instead(macros):
    shown = macros.code("players/models.py", "create_person", without="No receiver here.")
    assert shown.count("No receiver here.") == len(VARIANTS) - 1
    assert "from django.dispatch import receiver" in shown


def test_code_that_all_four_have_is_shown_once(macros):
    shown = macros.code("config/wsgi.py")
    assert shown.startswith('```python title="config/wsgi.py, the same in all four"\n')


def test_files_to_write_share_the_tab_of_a_variant_with_its_text(macros):
    texts = {name: f"Said of {name}." for name in VARIANTS}
    shown = macros.write("players/models.py", "players/backends.py", then=texts)
    [*_, proxy] = shown.split('"proxy_model"')
    assert proxy.count("```python") == 2
    assert proxy.index('title="players/models.py"') < proxy.index('title="players/backends.py"')
    assert proxy.index('title="players/backends.py"') < proxy.index("Said of proxy_model.")
    assert shown.count('title="players/backends.py"') == 1


def test_a_file_to_write_that_all_four_have_has_no_tabs(macros):
    shown = macros.write("players/fields.py")
    assert shown.startswith('```python title="players/fields.py"\n')


def test_a_tab_without_a_file_needs_a_text(macros):
    with pytest.raises(WorkbenchError, match="would have an empty tab") as raised:
        macros.write("players/backends.py")
    assert "profile_onetoone and custom_user and foreignkey" in str(raised.value)
    with pytest.raises(WorkbenchError, match=r"no variant has players/nothing\.py"):
        macros.write("players/nothing.py")


def test_an_unknown_name_is_told_with_those_of_all_variants(macros):
    with pytest.raises(WorkbenchError) as raised:
        macros.code("players/models.py", "User", "nobody")
    [sentence] = str(raised.value).splitlines()
    assert sentence.startswith("no variant has 'nobody' in players/models.py: they have ")
    assert {"Player", "Person", "User"} <= set(sentence.rstrip(".").replace(",", "").split())


def test_lines_can_be_highlighted(macros):
    path = "variants/profile_onetoone/players/models.py"
    first, *lines, _ = macros.file(path, "Person", highlight=["user ="]).splitlines()
    [number] = json.loads(f"[{first.partition('hl_lines=')[2]}]".replace('"', ""))
    assert "OneToOneField(" in lines[number - 1]


def test_no_file_holds_a_marker():
    marker = "--8" + "<--"
    found = subprocess.run(
        ["git", "grep", "-l", "-e", marker], cwd=PROJECT, capture_output=True, text=True
    )
    assert found.stdout.splitlines() == []
