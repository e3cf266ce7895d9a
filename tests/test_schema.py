import json

import pytest

from suite import catalog
from workbench.server import postgres


@pytest.fixture
def tables(sites):
    with postgres.connect(sites.env, "profile_onetoone") as connection:
        yield catalog.tables(connection.cursor())


def test_a_column_has_postgresqls_own_type(tables):
    assert tables["person"].column("birthdate").type == "date"


def test_a_column_knows_whether_it_takes_null(tables):
    assert tables["person"].column("birthdate").nullable
    assert not tables["auth_user"].column("username").nullable


def test_a_column_knows_its_identity(tables):
    assert tables["auth_user"].column("id").identity == "by default"


def test_a_column_that_is_not_there_is_a_lookup_error(tables):
    with pytest.raises(LookupError, match="person has no column level"):
        tables["person"].column("level")


def test_a_foreign_key_knows_its_target_and_actions(tables):
    [key] = tables["person"].foreign_keys
    assert (key.columns, key.target, key.target_columns) == (("user_id",), "auth_user", ("id",))
    assert (key.on_delete, key.deferrable, key.deferred) == ("NO ACTION", True, True)


def test_a_sequence_knows_its_column(tables):
    [sequence] = tables["auth_user"].sequences
    assert sequence.column == "id"


def test_an_index_may_have_expressions_for_keys(tables):
    assert ("upper(username::text)",) in [index.keys for index in tables["auth_user"].indexes]


def test_a_size_includes_the_indexes(tables):
    user = tables["auth_user"]
    assert user.size > sum(index.size for index in user.indexes) > 0


def test_constraints_of_every_kind_are_read(sites):
    with postgres.connect(sites.env, "postgres") as connection:
        connection.execute("""
            CREATE TEMPORARY TABLE spell (
                id integer PRIMARY KEY,
                level integer DEFAULT 1 CHECK (level < 10),
                page integer UNIQUE DEFERRABLE,
                twice integer GENERATED ALWAYS AS (level * 2) STORED,
                EXCLUDE USING btree (page WITH =)
            )
        """)
        connection.execute(
            "SELECT set_config('search_path', pg_my_temp_schema()::regnamespace::text, false)"
        )
        spell = catalog.table(connection.cursor(), "spell")
    kinds = {constraint.kind for constraint in spell.constraints}
    assert kinds == {"primary key", "unique", "check", "exclusion"}
    assert spell.column("level").default == "1"
    assert spell.column("twice").generated
    assert [it.deferrable for it in spell.constraints if it.kind == "unique"] == [True]


def test_it_shows_a_constraint(tool):
    assert "UNIQUE (username)" in tool.run("schema", "proxy_model").stdout


def test_it_shows_only_the_players_tables(tool):
    assert "django_session" not in tool.run("schema", "custom_user").stdout


def test_it_shows_all_tables_when_asked(tool):
    assert "django_session" in tool.run("schema", "custom_user", "--all-tables").stdout


def test_json_is_for_machines(tool):
    found = json.loads(tool.run("schema", "foreignkey", "--json").stdout)
    assert found["person"]["columns"][0]["name"] == "person_id"


def test_diff_pairs_the_user_tables_whatever_their_names(tool):
    said = tool.run("schema", "--diff", "proxy_model", "custom_user").stdout
    assert "auth_user / players_user" in said
    assert "column birthdate" in said


def test_diff_shows_only_what_differs(tool):
    found = json.loads(
        tool.run("schema", "--diff", "profile_onetoone", "foreignkey", "--json").stdout
    )
    assert {diff["role"]: bool(diff["facts"]) for diff in found} == {
        "user": False,
        "user_groups": False,
        "user_user_permissions": False,
        "person": True,
    }


def test_diff_tells_a_unique_index_from_another(tool):
    found = json.loads(
        tool.run("schema", "--diff", "profile_onetoone", "foreignkey", "--json").stdout
    )
    [person] = [diff for diff in found if diff["role"] == "person"]
    assert ["index btree (user_id)", "unique", "not unique"] in person["facts"]


def test_diff_says_what_only_one_has(tool):
    said = tool.run("schema", "--diff", "proxy_model", "foreignkey").stdout
    assert "person: only in foreignkey" in said


def test_diff_says_in_words_when_nothing_differs(tool):
    said = tool.run("schema", "--diff", "custom_user", "custom_user").stdout
    assert said.startswith("Nothing differs between custom_user and custom_user.")


def test_it_makes_and_migrates_a_database_that_is_not_there(bare):
    done = bare.run("schema", "profile_onetoone")
    assert "person" in done.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["custom_user", "--diff", "proxy_model", "custom_user"]], ids=["none", "both"]
)
def test_it_wants_one_variant_or_two(bare, arguments):
    assert bare.complaint("schema", *arguments).startswith("Name one variant, or two with --diff")


def test_a_misspelt_variant_is_one_sentence(bare):
    assert "did you mean foreignkey?" in bare.complaint(
        "schema", "--diff", "foreign_key", "proxy_model"
    )
