"""The census of a database: every player and all that is theirs, as lines that two counts compare.

What is counted is in census.sql.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from workbench import files
from workbench.variants import EXTRA_FIELDS

Cursor = Any

# whom the check of the way back lets act between the moves
ACTORS = ("newcomer", "player0000002", "player0000007")
# what each variant has beside the user
MODELS = {
    "proxy_model": ("player",),
    "profile_onetoone": ("person",),
    "custom_user": (),
    "foreignkey": ("person",),
}
KEYS = {"profile_onetoone": "user_id", "foreignkey": "person_id"}
# the moves' own, in which facts look for what waits there
ARCHIVE = [
    f"archive.{name}"
    for name in (
        *("person", "filled", "without_person", "content_type", "permission", "holder"),
        *("reference", "name"),
    )
]
FACT = re.compile(r"^-- (.*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Ends:
    """The two ends of a count: what was, and what is to be."""

    source: str
    target: str


def users_table(variant: str) -> str:
    """The users' table of a variant."""
    return "players_user" if variant == "custom_user" else "auth_user"


def user_label(variant: str) -> str:
    """The content type of a variant's users."""
    return "players.user" if variant == "custom_user" else "auth.user"


@cache
def template() -> jinja2.Template:
    """The template in census.sql."""
    return files.template(
        Path(__file__).with_suffix(".sql"),
        users_table=users_table,
        user_label=user_label,
        models=MODELS,
        keys=KEYS,
        extra_fields=EXTRA_FIELDS,
        archive=ARCHIVE,
    )


def facts(variant: str, ends: Ends, rule: str, tables: dict[str, list[str]]) -> dict[str, str]:
    """Return the SQL of each fact for a database of that variant; tables: as tables_of() says."""
    its = template().render(
        variant=variant, source=ends.source, target=ends.target, rule=rule, tables=tables
    )
    _, *found = FACT.split(its)
    return dict(zip(found[::2], found[1::2], strict=True))


# content types by their foreign key, and beside it the column that Django's documentation uses
TABLES = """
    SELECT pg_class.oid::regclass::text, array_remove(array_agg(column_.attname::text), NULL)
    FROM pg_class LEFT JOIN pg_constraint ON conrelid = pg_class.oid AND contype = 'f'
        AND confrelid = to_regclass('django_content_type')
    LEFT JOIN pg_attribute AS column_ ON attrelid = conrelid
        AND (attnum = conkey[1] OR attname = 'object_id')
    WHERE relkind = 'r' AND relpersistence <> 't' AND relnamespace NOT IN
        (SELECT oid FROM pg_namespace WHERE nspname IN ('information_schema', 'census')
            OR nspname ~ '^pg_')
    GROUP BY pg_class.oid ORDER BY 1
"""


def tables_of(cursor: Cursor) -> dict[str, list[str]]:
    """Return each table with its columns that a move translates: a content type and an object.

    Tables of other schemas are "schema.table".
    """
    cursor.execute(TABLES)
    return dict(cursor.fetchall())


def count(cursor: Cursor, name: str, variant: str, ends: Ends, rule: str) -> dict[str, int]:
    """Write the census down as the table census.<name>; returns how many lines of each fact."""
    cursor.execute("CREATE SCHEMA IF NOT EXISTS census")
    cursor.execute(f"DROP TABLE IF EXISTS census.{name}")
    # PostgreSQL does not know yet how many rows a move has written, and would plan for few
    cursor.execute("ANALYZE")
    cursor.execute(f"CREATE UNLOGGED TABLE census.{name} (fact text, who text, line text)")
    for fact, sql in facts(variant, ends, rule, tables_of(cursor)).items():
        cursor.execute(
            f"INSERT INTO census.{name} SELECT '{fact}', it.* FROM ({sql}) AS it (who, line)"
        )
    cursor.execute(f"SELECT fact, count(*) FROM census.{name} GROUP BY fact")
    return dict(cursor.fetchall())


def copy(cursor: Cursor, one: str, other: str, fact: str) -> None:
    """Copy the lines of one fact from one census into another."""
    cursor.execute(f"INSERT INTO census.{other} SELECT * FROM census.{one} WHERE fact = %s", [fact])


def compare(cursor: Cursor, before: str, after: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """What is not the same in two counts, three examples of each fact; [] if nothing is.

    but: users who did something meanwhile.
    """
    differences = []
    for one, other, said in ((before, after, "is lost"), (after, before, "is new")):
        cursor.execute(
            f"""SELECT fact, count(*), (array_agg(concat_ws(': ', who, line)))[:3]
                FROM (SELECT fact, who, line FROM census.{one}
                      EXCEPT ALL SELECT fact, who, line FROM census.{other}) AS it
                WHERE who IS NULL OR who <> ALL(%s) GROUP BY fact ORDER BY fact""",
            [list(but)],
        )
        differences += [
            f"{fact}: {number} {said}, such as {'; '.join(examples)}"
            for fact, number, examples in cursor.fetchall()
        ]
    return differences
