"""What names an object by content type, written anew in batches while others edit it.

Each batch is committed at once, gives way to whoever holds one of its rows, and finds what is still
to do by looking: so a move that was stopped goes on where it was.

Who has read a row before its batch and saves it afterwards writes back what it named before. So
this ends only when nothing more is found after the time that a page may take.
"""

import time
from functools import partial

from django.conf import settings

from moves.operations.base import rows
from moves.operations.batches import size
from moves.operations.locks import patiently
from moves.operations.references import pair, pointing


def rename(cursor, old, new):
    """The same as references.rename()."""
    each_table(cursor, lambda it: while_there_are(cursor, it, RENAME, {"old": old, "new": new}))


def move(cursor, label, old, new, keys):
    """The same as references.remember() and references.move(), for whatever names an object.

    keys: None where they stay as they are.
    """
    cursor.execute(ONCE)
    if keys:
        pair(cursor, keys)
        cursor.execute("CREATE INDEX ON key_pair (old)")
    sql = MOVE.replace("{pair}", TRANSLATED if keys else SAME)
    said = {"label": label, "old": old, "new": new}
    each_table(cursor, lambda it: while_there_are(cursor, it, sql, said | {"table": it.table}))
    if keys:
        cursor.execute("DROP TABLE key_pair")


def put_back(cursor, label, number):
    """The same as references.put_back(), but that it stays written down for who saves it late."""
    cursor.execute(ONCE)
    each_table(cursor, lambda it: put_table_back(cursor, it, label, number))


def each_table(cursor, change):
    """Change what is to be in each table, and again for as long as that finds something."""
    while sum(change(it) for it in pointing(cursor)):
        time.sleep(a_page())


def a_page():
    """How many seconds a page may take, from reading a row to saving it: MOVES_PAGE, or two."""
    return getattr(settings, "MOVES_PAGE", 2)


# who is written down stays so: of a row that comes again the first word counts
ONCE = """
    CREATE UNIQUE INDEX IF NOT EXISTS reference_once ON archive.reference (label, rel, key)
"""
RENAME = """
    WITH batch AS (
        SELECT {key} AS key FROM {table} WHERE {type} = %(old)s LIMIT %(size)s
        FOR NO KEY UPDATE)
    UPDATE {table} AS it SET {type} = %(new)s FROM batch WHERE it.{key} = batch.key
"""
TRANSLATED = "JOIN key_pair AS pair ON pair.old = {number}"
SAME = "CROSS JOIN LATERAL (SELECT {table}.{object} AS new) AS pair"
# whose object is gone is left to references.move(), which knows what to do with it
MOVE = """
    WITH batch AS (
        SELECT {table}.{key} AS key, {table}.{object} AS object, pair.new FROM {table} {pair}
        WHERE {table}.{type} = %(old)s LIMIT %(size)s FOR NO KEY UPDATE OF {table}),
    written_down AS (
        INSERT INTO archive.reference
        SELECT %(label)s, %(table)s, key::text, object::text FROM batch ON CONFLICT DO NOTHING)
    UPDATE {table} AS it SET {type} = %(new)s, {object} = batch.new::{kind} FROM batch
    WHERE it.{key} = batch.key
"""


def while_there_are(cursor, it, sql, said):
    """Run the statement on one batch of a table's rows after the other; returns how many rows."""
    sql = sql.format(**vars(it), number=it.number)
    batch = partial(changed, cursor, sql, said | {"size": size()})
    return sum(iter(lambda: patiently(cursor, batch, it.table), 0))


def changed(cursor, sql, said):
    cursor.execute(sql, said)
    return cursor.rowcount


NEXT = """
    SELECT key, object FROM archive.reference WHERE label = %s AND rel = %s AND key > %s
    ORDER BY key LIMIT %s
"""
BACK = """
    UPDATE {table} AS it SET {type} = %(number)s, {object} = was.object::{kind}
    FROM unnest(%(keys)s::text[], %(objects)s::text[]) AS was (key, object)
    WHERE it.{key} = was.key::{key_kind}
      AND (it.{type}, it.{object}::text) IS DISTINCT FROM (%(number)s, was.object)
"""


def put_table_back(cursor, it, label, number):
    """Put the rows of one table back; returns how many were not where they are to be."""
    found, last = 0, ""
    while last is not None:
        some = partial(put_some_back, cursor, it, label, number, last)
        last, more = patiently(cursor, some, it.table)
        found += more
    return found


def put_some_back(cursor, it, label, number, last):
    """Do it for those that come after that key; returns the last one's, or None, and how many."""
    batch = rows(cursor, NEXT, [label, it.table, last, size()])
    keys, objects = [key for key, _ in batch], [it for _, it in batch]
    said = {"number": number, "keys": keys, "objects": objects}
    cursor.execute(BACK.format(**vars(it)), said)
    return (keys[-1] if keys else None), cursor.rowcount
