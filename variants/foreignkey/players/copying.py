"""Storing many rows by COPY, in a fraction of the time that INSERT takes.

The rows may come from anything that can be iterated over. They are taken in blocks, so that a
million of them need no more memory than one block does, and so that whatever makes them may ask
the database for something in between. Inside a block all goes by columns: Python is slow where it
does something for each value, and quick where it does one thing for many.

Source: psycopg 3 docs, "Using COPY TO and COPY FROM"; PostgreSQL 18 docs, COPY.
"""

from contextlib import nullcontext
from itertools import islice, repeat

from django.db import connection

from players.bare import are_empty, quoted, stripped

BLOCK = 10_000
NEW_IDS = """
SELECT string_agg(nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass))::text, ' ')
FROM generate_series(1, %s)
"""


def blocks(rows, tables, *required, **optional):
    """Yield the rows, dicts, up to 10,000 at once: for each name all values, in their order.

    optional: what stands for a value that is not there. Raises TypeError for a row that lacks what
    is required, or has another name than these. To be gone through to its end in one transaction:
    the tables, if they are empty, are stripped for it, unless the first block is the only one.
    """
    rows = iter(rows)
    block = list(islice(rows, BLOCK))
    strip = len(block) == BLOCK and are_empty(tables)
    with stripped(tables) if strip else nullcontext():
        while block:
            yield columns(block, required, optional)
            block = list(islice(rows, BLOCK))


def columns(rows, required, optional):
    if unknown := set().union(*rows) - {*required, *optional}:
        raise TypeError(f"nobody knows what {', '.join(sorted(unknown))} is")
    if any(name not in row for name in required for row in rows):
        raise TypeError(f"each needs {', '.join(required)}")
    return [Column(rows, name, optional.get(name)) for name in (*required, *optional)]


class Column:
    """All values of one name, each looked up when it is asked for.

    So that is done while PostgreSQL is already at work on those before it.
    """

    def __init__(self, rows, name, blank):
        self.rows, self.name, self.blank = rows, name, blank

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return map(dict.get, self.rows, repeat(self.name), repeat(self.blank))


class Table:
    """The table of a model, to which rows are copied that have a value for each of some columns.

    All rows get the values `same`, and in the columns that are left what the model has by default.
    """

    def __init__(self, model, names, **same):
        self.model = model
        self.name = quoted(model._meta.db_table)
        self.names = names
        self.same = {
            field.column: field.get_db_prep_save(getattr(model(**same), field.attname), connection)
            for field in model._meta.concrete_fields
            if field.column not in names and not field.primary_key
        }

    def copy(self, *columns):
        """Store a row for each value of the columns, which are of one length."""
        names = ", ".join(map(quoted, [*self.names, *self.same]))
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,  # psycopg's become Django's, as in execute()
            cursor.copy(f"COPY {self.name} ({names}) FROM STDIN") as stream,
        ):
            for row in zip(*columns, *map(repeat, self.same.values()), strict=False):
                stream.write_row(row)

    def new_ids(self, number):
        """So many ids of the table's own sequence, which gives them to nobody else."""
        with connection.cursor() as cursor:
            cursor.execute(NEW_IDS, [self.name, self.model._meta.pk.column, number])
            return cursor.fetchone()[0].split()
