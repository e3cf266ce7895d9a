import pytest

from workbench.schema import tables
from workbench.server import postgres
from workbench.variants import VARIANTS


def rows(sites, variant):
    """How many rows each table has."""
    with postgres.connect(sites.env, variant) as connection:
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()
            for name in tables.read(sites.env, variant)
        }


def player(sites, variant, username):
    with postgres.connect(sites.env, variant) as connection:
        table = tables.user_table(variant, tables.read(sites.env, variant))
        return connection.execute(
            f"SELECT count(*) FROM {table} WHERE username = %s", [username]
        ).fetchone()


@pytest.fixture(scope="module")
def said(tool):
    return tool.run("try", "--username", "volo", COLUMNS="240").stdout


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_shows_every_variant(said, variant):
    assert f"{variant}: " in said


def test_they_stand_side_by_side_where_there_is_room(said):
    first = said.splitlines()[0]
    assert [variant for variant in VARIANTS if variant not in first] == []


def test_they_stand_one_below_the_other_where_there_is_not(tool):
    said = tool.run("try", COLUMNS="80").stdout
    first = said.splitlines()[0]
    assert [variant for variant in VARIANTS if variant in first] == [VARIANTS[0]]


@pytest.mark.parametrize("part", ['INSERT INTO "person"', "'volo'", "'1990-10-05'", "COMMIT"])
def test_it_shows_the_sql_with_its_values(said, part):
    assert part in said


@pytest.mark.parametrize("table", ["auth_user", "players_user", "person", "django_session"])
def test_it_shows_the_rows_by_table(said, table):
    assert f"row in {table}" in said


def test_it_uses_the_real_hasher_and_shortens_the_hash(said):
    assert "argon2$argon2id$v=19$m=102400,t=2,p=8$" in said


def test_it_leaves_nothing_behind(tool, sites):
    before = [rows(sites, variant) for variant in VARIANTS]
    assert tool.run("try").returncode == 0
    assert [rows(sites, variant) for variant in VARIANTS] == before


def test_keep_keeps_the_player(tool, sites):
    assert (
        "drizzt plays in all four now." in tool.run("try", "--username", "drizzt", "--keep").stdout
    )
    assert [player(sites, variant, "drizzt") for variant in VARIANTS] == [(1,)] * len(VARIANTS)


def test_a_taken_username_is_one_sentence_in_the_forms_words(tool):
    assert "refuses the username: " in tool.complaint("try", "--username", "ARANNIS")


def test_an_invalid_username_is_one_sentence_in_the_forms_words(tool):
    assert "Enter a valid username." in tool.complaint("try", "--username", "two words")


def test_what_one_variant_refuses_stays_in_none(tool, sites):
    with postgres.connect(sites.env, "foreignkey") as connection:
        connection.execute("""
            INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email,
                is_staff, is_active, date_joined)
            VALUES ('!', false, 'elminster', '', '', '', false, true, now())
        """)
    assert "foreignkey refuses" in tool.complaint("try", "--username", "elminster", "--keep")
    assert player(sites, "custom_user", "elminster") == (0,)
    assert player(sites, "foreignkey", "elminster") == (1,)
