"""Constraints, indexes and sequences named as on a fresh database."""

from django.db.migrations.operations.base import Operation

from moves.operations.archive import close_archive
from moves.operations.base import rows, settle
from moves.operations.dependents import SCRATCH, scratch
from moves.operations.keys import USERS


class AlignNames(Operation):
    """Give constraints, indexes and sequences the names that they have on a fresh database.

    Renaming a table leaves them with the old ones. Only what belongs to the users' tables or person
    is renamed, or points at them. Django's models are made as empty tables in a schema that is
    rolled back; what means the same there and here gets the same name here. The former names wait
    in the archive for the way back. backwards: do it on the way back only, where tables were made
    under another name.
    """

    reversible = True
    reduces_to_sql = False

    def __init__(self, backwards=False):
        self.only_backwards = backwards

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, editor, before, after):
        if not self.only_backwards:
            with editor.connection.cursor() as cursor:
                renamed = align(editor.connection, cursor, after)
                remember(cursor, renamed)

    def database_backwards(self, app_label, editor, before, after):
        with editor.connection.cursor() as cursor:
            if self.only_backwards:
                align(editor.connection, cursor, after)
            else:
                restore(cursor)

    def describe(self):
        return "Name constraints, indexes and sequences as on a fresh database"


def align(connection, cursor, state):
    """Rename what is called otherwise in the state; returns [(what it means, old, new)]."""
    settle(cursor)
    with scratch(cursor, f"{SCRATCH}, public"):
        with connection.schema_editor(atomic=False) as editor:
            for model in state.apps.get_models():
                if model._meta.can_migrate(connection) and not model._meta.proxy:
                    editor.create_model(model)
        cursor.execute("SET LOCAL search_path TO DEFAULT")
        fresh = things(cursor, SCRATCH)
    renamed = []
    here = things(cursor, "public")
    taken = {name for name, _ in here.values()}
    for meaning, (name, statement) in here.items():
        new = fresh.get(meaning, (name,))[0]
        if new != name and new not in taken:
            cursor.execute(statement.format(name, new))
            renamed.append((meaning, name, new))
    return renamed


ARCHIVE = """
    CREATE SCHEMA IF NOT EXISTS archive;
    CREATE TABLE IF NOT EXISTS archive.name (meaning text, old text, new text);
"""


def remember(cursor, renamed):
    cursor.execute(ARCHIVE)
    # an earlier move, forgotten since, may have left what it remembered
    cursor.execute(
        "DELETE FROM archive.name WHERE meaning = ANY(%s)", [[meaning for meaning, *_ in renamed]]
    )
    cursor.executemany("INSERT INTO archive.name VALUES (%s, %s, %s)", renamed)
    close_archive(cursor)


def restore(cursor):
    settle(cursor)
    cursor.execute(ARCHIVE)
    here = things(cursor, "public")
    for meaning, old, new in rows(cursor, "DELETE FROM archive.name RETURNING *"):
        if meaning in here and here[meaning][0] == new:
            cursor.execute(here[meaning][1].format(new, old))
    close_archive(cursor)


def things(cursor, schema):
    """{what it means: (its name, the statement that renames it)} of a schema."""
    found = {}
    for sql in (CONSTRAINTS, INDEXES, SEQUENCES):
        for meaning, name, rename in rows(cursor, sql, {"schema": schema, "ours": OURS}):
            found[meaning.replace(f"{SCRATCH}.", "").replace("public.", "")] = (name, rename)
    return found


OURS = [*USERS, "person"]
CONSTRAINTS = """
    SELECT concat_ws(' ', relname, contype, pg_get_constraintdef(own.oid)), conname,
           format('ALTER TABLE public.%%I', relname) || ' RENAME CONSTRAINT "{}" TO "{}"'
    FROM pg_constraint AS own JOIN pg_class ON pg_class.oid = conrelid
    WHERE relnamespace = %(schema)s::regnamespace AND conparentid = 0 AND (relname = ANY(%(ours)s)
        OR confrelid = ANY(SELECT to_regclass(%(schema)s::text || '.' || ours)
                           FROM unnest(%(ours)s::text[]) AS ours))
    ORDER BY 1
"""
# the index of a constraint is renamed with it
INDEXES = """
    SELECT regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \\S+ ON', 'INDEX ON'), own.relname,
           'ALTER INDEX public."{}" RENAME TO "{}"'
    FROM pg_index JOIN pg_class AS own ON own.oid = indexrelid
    WHERE own.relnamespace = %(schema)s::regnamespace
      AND (SELECT relname FROM pg_class WHERE oid = indrelid) = ANY(%(ours)s)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
    ORDER BY 1
"""
SEQUENCES = """
    SELECT concat_ws(' ', 'sequence', pg_class.relname, attname), own.relname,
           'ALTER SEQUENCE public."{}" RENAME TO "{}"'
    FROM pg_class AS own
    JOIN pg_depend ON objid = own.oid AND classid = 'pg_class'::regclass
      AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    JOIN pg_class ON pg_class.oid = refobjid
    JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE own.relkind = 'S' AND own.relnamespace = %(schema)s::regnamespace
      AND pg_class.relname = ANY(%(ours)s)
    ORDER BY 1
"""
