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
    )


def facts(variant: str, ends: Ends, rule: str, tables: set[str]) -> dict[str, str]:
    """The SQL of each fact for a database of that variant; tables are those that it has."""
    its = template().render(
        variant=variant, source=ends.source, target=ends.target, rule=rule, tables=tables
    )
    _, *found = FACT.split(its)
    return dict(zip(found[::2], found[1::2], strict=True))


def tables_of(cursor: Cursor) -> set[str]:
    """The tables of the database; those of other schemas as "schema.table"."""
    cursor.execute("""
        SELECT CASE schemaname WHEN 'public' THEN tablename
            ELSE schemaname || '.' || tablename END FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')""")
    return {name for (name,) in cursor.fetchall()}


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
