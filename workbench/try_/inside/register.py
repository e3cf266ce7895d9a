"""Registers one player through the variant's own page, and tells what that did to the database.

Its order is `form`, the fields of the form. It says either `errors`, the form's own by field, or
`statements`, the SQL that ran with its values, and `rows`, what that left, by table. Then it waits:
unless it hears "keep", it removes the player and the session again.
"""

import importlib
import re
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment

from workbench.inside import hear, say

WRITTEN = re.compile(r'(?:INSERT INTO|UPDATE) "(\w+)"')


def main(form: dict[str, str]) -> None:
    """Register the player, say what that did, and wait for what to do with them."""
    # it lets a page's form be read, allows the client's host, and keeps mail in memory
    setup_test_environment(debug=settings.DEBUG)
    client = Client()
    start = _now()
    with CaptureQueriesContext(connection) as captured:
        response = client.post("/register/", form)
    if response.status_code != 302:
        say({"errors": response.context["form"].errors})
        return
    try:
        statements = [query["sql"] for query in captured.captured_queries]
        say({"statements": statements, "rows": _rows_since(start, statements)})
    finally:
        if hear() != "keep":
            importlib.import_module("players.roster").remove(form["username"])
            client.session.delete()


def _now() -> int:
    """The number that the next transaction will get at the earliest, as rows bear it in xmin.

    Source: PostgreSQL 18 docs, 9.28.8 Transaction ID and Snapshot Information Functions.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::numeric % 4294967296")
        return int(cursor.fetchone()[0])


def _rows_since(start: int, statements: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows that transactions from that number on wrote into the tables of the statements."""
    tables = dict.fromkeys(name for sql in statements for name in WRITTEN.findall(sql))
    return {name: _rows(name, start) for name in tables}


def _rows(table: str, start: int) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(table)
        cursor.execute(f"SELECT * FROM {name} WHERE xmin::text::bigint >= %s", [start])
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
