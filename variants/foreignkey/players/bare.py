"""Empty tables, stripped of what slows a large load down, and dressed again when it is over.

To sort all keys once and write an index from them is cheaper than to find a place for each row,
and one join checks a foreign key faster than a look for each row. What is the same in every row
need not travel with each: meanwhile it is the column's default. Nothing is lost if the load fails:
in PostgreSQL a transaction takes back an ALTER TABLE as it does an INSERT.

Only for tables without rows: others are in use, and nobody could read them until the end.

Source: PostgreSQL 18 docs, 14.4 "Populating a Database".
"""

from contextlib import contextmanager

from django.db import connection

OWNED = """
SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class WHERE oid = ANY(%s::regclass[])
"""
# What its definition alone brings back, the foreign keys first. Left alone are the key to which
# another table's refers, and an index that has more than a definition: a comment, a storage
# parameter, a tablespace.
REMOVABLE = """
WITH removable AS (
    SELECT indexrelid AS index
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = ANY(%(tables)s::regclass[]) AND indisvalid
        AND NOT (indisclustered OR indisreplident)
        AND reloptions IS NULL AND reltablespace = 0
        AND obj_description(indexrelid, 'pg_class') IS NULL
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'f')
)
SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname),
    'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname) || ' '
        || pg_get_constraintdef(oid),
    contype = 'f' AS is_foreign_key, conname::text AS name
FROM pg_constraint
WHERE obj_description(oid, 'pg_constraint') IS NULL AND CASE contype
    WHEN 'f' THEN conrelid = ANY(%(tables)s::regclass[])
    ELSE conindid IN (SELECT index FROM removable)
END
UNION ALL
SELECT 'DROP INDEX ' || index::regclass, pg_get_indexdef(index), false, index::regclass::text
FROM removable WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index)
ORDER BY is_foreign_key DESC, name
"""
ENOUGH_MEMORY = """
SELECT set_config('maintenance_work_mem', '256MB', true)
WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')
"""
WITHOUT_DEFAULT = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attname = ANY(%s) AND NOT atthasdef
"""


def are_empty(tables):
    """Whether the tables hold no row, and are this user's own: nobody else may alter them."""
    owned = all(one for (one,) in asked(OWNED, [[table.name for table in tables]]))
    return owned and not any(table.model._base_manager.exists() for table in tables)


@contextmanager
def stripped(tables):
    """For the length of the block the tables have neither indexes nor foreign keys.

    To be used in a transaction, which brings everything back by itself if the block fails.
    """
    connection.check_constraints()  # a table with checks that still wait cannot be altered
    undo = drop_indexes(tables)
    for table in tables:
        undo += say_once(table)
    yield
    run(ENOUGH_MEMORY)  # to sort in, until the end of the transaction
    for statement in reversed(undo):
        run(statement)


def drop_indexes(tables):
    """Drop the indexes and the foreign keys; returns the statements that make them."""
    found = asked(REMOVABLE, {"tables": [table.name for table in tables]})
    for drop, *_ in found:
        run(drop)
    return [make for _, make, *_ in found]


def say_once(table):
    """Let what is the same in all rows be the columns' default; returns what undoes it."""
    undo = []
    for (name,) in asked(WITHOUT_DEFAULT, [table.name, list(table.same)]):
        column = f"ALTER TABLE {table.name} ALTER {quoted(name)}"
        run(connection.ops.compose_sql(f"{column} SET DEFAULT %s", [table.same.pop(name)]))
        undo.append(f"{column} DROP DEFAULT")
    return undo


def asked(query, parameters):
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def quoted(name):
    return connection.ops.quote_name(name)
