"""Loading many rows by COPY, in a fraction of the time that INSERT takes.

The rows may come from anything that can be iterated over. They are taken in blocks, so that a
million of them need no more memory than one block.

Source: PostgreSQL 18 docs, 14.4 "Populating a Database"; psycopg 3 docs, "Using COPY TO and COPY
FROM".
"""

from itertools import islice

from django.db import connection

BLOCK = 10_000

# What can be dropped and built again from its definition alone, what depends on others first.
# An index that another table's key refers to stays, and so does one that has more than a
# definition: a comment, a storage parameter, a place on another disk.
DROPPABLE = """
WITH droppable_index AS (
    SELECT indexrelid AS index, indrelid AS its_table
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = ANY(%(tables)s::regclass[]) AND indisvalid
        AND NOT (indisprimary OR indisclustered OR indisreplident)
        AND reloptions IS NULL AND reltablespace = 0
        AND obj_description(indexrelid, 'pg_class') IS NULL
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'f')
),
droppable_constraint AS (
    SELECT oid, conname, contype, conrelid::regclass AS its_table
    FROM pg_constraint
    WHERE obj_description(oid, 'pg_constraint') IS NULL
        AND (contype = 'f' AND conrelid = ANY(%(tables)s::regclass[])
            OR contype IN ('u', 'x') AND conindid IN (SELECT index FROM droppable_index))
)
SELECT 'ALTER TABLE ' || its_table || ' DROP CONSTRAINT ' || quote_ident(conname),
    'ALTER TABLE ' || its_table || ' ADD CONSTRAINT ' || quote_ident(conname) || ' '
        || pg_get_constraintdef(oid),
    contype <> 'f' AS later, conname
FROM droppable_constraint
UNION ALL
SELECT 'DROP INDEX ' || index::regclass, pg_get_indexdef(index), true, index::regclass::text
FROM droppable_index
WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index)
ORDER BY later, conname
"""
NEW_IDS = """
SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass)) FROM generate_series(1, %s)
"""


# --8<-- [start:blocks]
def blocks(rows, *models):
    """Yield the rows in lists of up to 10,000, for copy() to store in the tables of the models.

    To be called in a transaction. If the first list is full and the tables are empty, their
    indexes and foreign keys are dropped before it, and built after the last one: to sort all keys
    once is cheaper than to find a place for each. Should anything fail meanwhile, they are back
    without further ado, since in PostgreSQL a transaction undoes DROP INDEX like an INSERT.
    Tables in use keep theirs: dropping them would lock everybody out.
    """
    rows = iter(rows)
    block = list(islice(rows, BLOCK))
    definitions = drop_indexes(models) if len(block) == BLOCK and are_bare(models) else []
    while block:
        yield block
        block = list(islice(rows, BLOCK))
    with connection.cursor() as cursor:
        for definition in definitions:
            cursor.execute(definition)


# --8<-- [end:blocks]
# --8<-- [start:copy]
def copy(model, columns, rows, **for_all):
    """Store rows, tuples with a value for each of these columns, in the table of the model.

    Every row gets the values of for_all, and the model's defaults for what is left.
    """
    default = model(**for_all)
    fields = [
        field
        for field in model._meta.concrete_fields
        if field.column not in columns and not field.primary_key
    ]
    same = [field.get_db_prep_save(getattr(default, field.attname), connection) for field in fields]
    names = ", ".join(map(quoted, [*columns, *(field.column for field in fields)]))
    statement = f"COPY {quoted(model._meta.db_table)} ({names}) FROM STDIN"
    # the rows travel outside of execute(), where Django would turn psycopg's errors into its own
    with connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row((*row, *same))


# --8<-- [end:copy]
def new_ids(model, number):
    """So many ids of the table's own sequence, which gives them to nobody else."""
    with connection.cursor() as cursor:
        table, key = quoted(model._meta.db_table), model._meta.pk.column
        cursor.execute(NEW_IDS, [table, key, number])
        return [id for (id,) in cursor.fetchall()]


def are_bare(models):
    """Whether the tables hold no row, and are this user's own: nobody else may drop an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class"
            " WHERE oid = ANY(%s::regclass[])",
            [tables(models)],
        )
        [owned] = cursor.fetchone()
    return owned and not any(model._base_manager.exists() for model in models)


def drop_indexes(models):
    """Drop the tables' indexes and foreign keys; returns the statements that build them again."""
    connection.check_constraints()  # a table with checks that still wait cannot be altered
    with connection.cursor() as cursor:
        cursor.execute(DROPPABLE, {"tables": tables(models)})
        found = cursor.fetchall()
        for drop, *_ in found:
            cursor.execute(drop)
    return [build for _, build, *_ in reversed(found)]


def tables(models):
    return [quoted(model._meta.db_table) for model in models]


def quoted(name):
    return connection.ops.quote_name(name)
