import json
import os

import pytest

from workbench.paths import PROJECT
from workbench.variants import VARIANTS


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_runs_the_variants_own_manage_py(tool, variant):
    program = "from django.conf import settings; print(settings.BASE_DIR.name)"
    assert (
        tool.run("manage", variant, "shell", "--no-imports", "-c", program).stdout == f"{variant}\n"
    )


def test_it_passes_unknown_options_on(tool):
    assert (
        "[X] 0001_initial" in tool.run("manage", "custom_user", "showmigrations", "--list").stdout
    )


def test_help_after_the_variant_is_djangos(tool):
    assert "Available subcommands" in tool.run("manage", "custom_user", "--help").stdout


def test_help_before_the_variant_is_the_tools(tool):
    assert "workbench manage custom_user shell_plus" in tool.run("manage", "--help").stdout


def test_input_reaches_it(tool):
    assert tool.run("manage", "foreignkey", "shell", given="print(6 * 7)\n").stdout.endswith("42\n")


def test_its_exit_code_is_returned(tool):
    assert (
        tool.run("manage", "proxy_model", "shell", "-c", "import sys; sys.exit(7)").returncode == 7
    )


def test_a_secret_key_around_it_does_not_make_it_production(tool):
    done = tool.run(
        *(
            "manage",
            "custom_user",
            "shell",
            "-c",
            "from django.conf import settings as s; print(s.DEBUG)",
        ),
        DJANGO_SECRET_KEY="in production elsewhere",
    )
    assert done.stdout.endswith("True\n")


def test_files_are_found_from_where_one_stands(tool, tmp_path):
    bards = {"model": "auth.group", "pk": None, "fields": {"name": "bards", "permissions": []}}
    fixture = tmp_path / "bards.json"
    fixture.write_text(json.dumps([bards]))
    done = tool.run("manage", "custom_user", "loaddata", os.path.relpath(fixture, PROJECT))
    assert "Installed 1 object(s)" in done.stdout, done


def test_a_misspelt_variant_is_one_sentence_with_the_nearest(tool):
    assert tool.complaint("manage", "custm_user", "migrate") == (
        "No variant is called 'custm_user' (did you mean custom_user?): "
        f"there are {', '.join(VARIANTS)}."
    )


def test_dbshell_needs_no_psql_of_the_machines(tool):
    done = tool.run("manage", "custom_user", "dbshell", "--", "-Atc", "SELECT 6 * 7", PATH="/bin")
    assert done.stdout.strip() == "42", done
