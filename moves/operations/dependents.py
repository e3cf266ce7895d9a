"""What depends on the tables that a move drops, renames or rewrites: found before it changes any.

DROP ... CASCADE would drop it silently, and ALTER TABLE would stop halfway. Source:
PostgreSQL 18 docs, 5.15 Dependency Tracking, and 52.18 pg_depend.
"""

import re
from contextlib import contextmanager

from django.db import DatabaseError, transaction

from moves.catalogs import facts
from moves.operations.base import rows, type_of

SCRATCH = "fresh_names"
# rows of these are written by every move, and of whatever else points at content types
WRITTEN = ["django_session", "django_content_type", "auth_permission", "auth_group_permissions"]
WRITTEN += [f"{users}_user_permissions" for users in ("auth_user", "players_user")]


def on(cursor, columns, *, keys=False):
    """Return, in words, what depends on these columns, and on what does.

    columns: pairs of a table and a column, or of a table and None for all of it. keys: foreign keys
    of other tables too. The tables' own columns, constraints and indexes are not in the list.
    """
    tables, names = zip(*columns, strict=True)
    said = {"tables": list(tables), "names": list(names), "keys": keys}
    return [line for (line,) in rows(cursor, DEPENDENTS, said)]


DEPENDENTS = """
    WITH RECURSIVE its AS (
        SELECT pg_class.oid, reltype, typarray, attnum
        FROM unnest(%(tables)s::text[], %(names)s::text[]) AS given (name, column_name)
        JOIN pg_class ON pg_class.oid = to_regclass(name)
        LEFT JOIN pg_type ON pg_type.oid = reltype
        LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attname = column_name
    ), found AS (
        SELECT classid, objid, objsubid, its.oid AS its FROM its CROSS JOIN LATERAL (
            SELECT * FROM pg_depend
            WHERE refclassid = 'pg_class'::regclass AND refobjid = its.oid
                AND (attnum IS NULL OR refobjsubid = attnum)
            UNION ALL SELECT * FROM pg_depend
            WHERE refclassid = 'pg_type'::regclass AND refobjid IN (reltype, typarray)
        ) AS direct WHERE deptype IN ('n', 'a')
        UNION
        SELECT pg_depend.classid, pg_depend.objid, pg_depend.objsubid, ev_class
        FROM found JOIN pg_rewrite ON found.classid = 'pg_rewrite'::regclass
            AND pg_rewrite.oid = found.objid AND rulename = '_RETURN'
        JOIN pg_depend ON refclassid = 'pg_class'::regclass AND refobjid = ev_class
        WHERE deptype IN ('n', 'a')
    )
    SELECT DISTINCT CASE WHEN rulename = '_RETURN'
        THEN pg_describe_object('pg_class'::regclass, ev_class, 0)
        ELSE pg_describe_object(classid, objid, objsubid) END
    FROM found
    LEFT JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND pg_rewrite.oid = objid
    LEFT JOIN pg_class AS part ON classid = 'pg_class'::regclass AND part.oid = objid
    LEFT JOIN pg_constraint AS own ON classid = 'pg_constraint'::regclass AND own.oid = objid
    LEFT JOIN pg_trigger ON classid = 'pg_trigger'::regclass AND pg_trigger.oid = objid
    LEFT JOIN pg_attrdef ON classid = 'pg_attrdef'::regclass AND pg_attrdef.oid = objid
    LEFT JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE (part.relkind IN ('r', 'p', 'f', 'c') OR part.oid IS NULL)
      AND (own.oid IS NULL OR own.conrelid <> its AND %(keys)s)
      AND NOT coalesce(tgisinternal, false)
      AND (adrelid IS NULL OR attgenerated <> '')
    ORDER BY 1
"""


def published(cursor, tables):
    """Return the publications of these tables, in words, and those of all tables.

    A publication of all tables also has the move's own, in the schema archive, in which no row
    could be changed for want of a primary key.
    """
    return [line for (line,) in rows(cursor, PUBLICATIONS, [list(tables)])]


PUBLICATIONS = """
    SELECT DISTINCT format('publication %%I', pubname) FROM pg_publication
    LEFT JOIN pg_publication_tables USING (pubname)
    WHERE puballtables OR schemaname = 'public' AND tablename = ANY(%s) ORDER BY 1
"""


def mentioning(cursor, tables):
    """Return the functions whose text names one of the tables, in words.

    PostgreSQL does not know what the text of a function means, so it keeps no dependency.
    """
    return [line for (line,) in rows(cursor, FUNCTIONS, [rf"\m({'|'.join(tables)})\M"])]


# PostgreSQL's own functions have oids below (src/include/access/transam.h, FirstNormalObjectId)
FUNCTIONS = """
    SELECT pg_describe_object('pg_proc'::regclass, pg_proc.oid, 0) FROM pg_proc
    WHERE pg_proc.oid >= 16384 AND prosrc ~ %s AND prosqlbody IS NULL AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass
          AND objid = pg_proc.oid AND deptype = 'e')
    ORDER BY 1
"""


def interfering(cursor, tables):
    """Return what would act on, or hide, the rows that a move writes in these tables."""
    return [line for (line,) in rows(cursor, INTERFERING, [[*tables, *WRITTEN]])]


INTERFERING = """
    WITH written AS (
        SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND (oid = ANY(
                SELECT to_regclass(name)::oid FROM unnest(%s::text[]) AS name)
            OR oid IN (SELECT conrelid FROM pg_constraint WHERE contype = 'f'
                       AND confrelid = to_regclass('django_content_type'))))
    SELECT pg_describe_object('pg_trigger'::regclass, pg_trigger.oid, 0)
    FROM pg_trigger JOIN written ON tgrelid = written.oid
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
    UNION ALL
    SELECT pg_describe_object('pg_rewrite'::regclass, pg_rewrite.oid, 0)
    FROM pg_rewrite JOIN written ON ev_class = written.oid
    UNION ALL
    SELECT format('row level security of table %%s', oid::regclass) FROM written
    WHERE row_security_active(oid)
    ORDER BY 1
"""


def pointing_elsewhere(cursor):
    """Return the tables whose rows would keep a content type or permission of players in place.

    A move deletes these, and lets rows that point at a content type point at another one. It cannot
    do so for rows without a primary key, nor for permissions, which mean something else then.
    """
    return [
        f"rows of {table} that point at {target} of players.person or players.player"
        for table, column, target in rows(cursor, POINTING_ELSEWHERE)
        if rows(cursor, OF_PLAYERS[target].format(table=table, column=column))
    ] + [
        f"rows of {table} about users and about their profiles, where {index} is unique"
        for table, column, index in rows(cursor, UNIQUE)
        if len(rows(cursor, KINDS.format(table=table, column=column))) > 1
    ]


# those about a profile are about its user afterwards, and may meet others there
UNIQUE = """
    SELECT DISTINCT ON (conrelid) conrelid::regclass::text, quote_ident(attname),
        indexrelid::regclass::text
    FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    JOIN pg_index ON indrelid = conrelid AND indisunique AND conkey[1] = ANY(indkey)
    WHERE contype = 'f' AND confrelid = to_regclass('django_content_type')
        AND conrelid <> 'auth_permission'::regclass
"""
KINDS = """
    SELECT DISTINCT app_label, model FROM {table}
    JOIN django_content_type AS type ON type.id = {column}
    WHERE app_label IN ('players', 'auth') AND model IN ('person', 'player', 'user')
"""
POINTING_ELSEWHERE = """
    SELECT conrelid::regclass::text, quote_ident(attname), confrelid::regclass::text
    FROM pg_constraint AS own JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE contype = 'f' AND conparentid = 0 AND (confrelid = to_regclass('auth_permission')
        AND conrelid::regclass::text !~ '^(auth_group|(auth|players)_user_user)_permissions$'
        OR confrelid = to_regclass('django_content_type') AND NOT EXISTS
            (SELECT FROM pg_index WHERE indrelid = conrelid AND indisprimary))
"""
OF_PLAYERS = {
    "django_content_type": """
        SELECT FROM {table} JOIN django_content_type AS type ON type.id = {column}
        WHERE app_label = 'players' AND model IN ('person', 'player') LIMIT 1""",
    "auth_permission": """
        SELECT FROM {table} JOIN auth_permission AS its ON its.id = {column}
        JOIN django_content_type AS type ON type.id = its.content_type_id
        WHERE app_label = 'players' AND model IN ('person', 'player') LIMIT 1""",
}


def unlike_fresh(cursor, model):
    """Return what the table of a model has, in words, that a fresh one would not have.

    The table is made once more, empty, in a schema that is gone afterwards.
    """
    table = model._meta.db_table
    targets = {field.related_model for field in model._meta.fields if field.related_model}
    with scratch(cursor, SCRATCH):
        for target in targets:
            cursor.execute(f"CREATE TABLE {target._meta.db_table} (id bigint PRIMARY KEY)")
        with cursor.db.schema_editor(atomic=False) as editor:
            editor.create_model(model)
        found = facts(cursor, "public", SCRATCH, table=table)
    here, fresh = ({serial(line) for line in found[name]} for name in ("public", SCRATCH))
    # triggers and the like depend on the table, and are found by that
    kinds = re.compile("table [^ ]+: (owner|column|constraint|index|sequence)")
    return sorted(line for line in here - fresh if kinds.match(line))


def on_extras(cursor, users, extras):
    """Return what the users' columns for the extra fields have that a plain column has not.

    Dropping a column drops its indexes and constraints silently.
    """
    if type_of(cursor, users, extras[0]) is None:
        return []
    found = facts(cursor, "public", table=users)["public"]
    about = re.compile(rf"table {users}: (column|constraint|index) .*\b({'|'.join(extras)})\b")
    plain = re.compile(rf"table {users}: column \d+ (birthdate date|(discord|zoom)_id text)")
    return sorted(line for line in found if about.match(line) and not plain.fullmatch(line))


def serial(line):
    """Return the line with a serial column, of before Django 4.1, written as an identity."""
    return re.sub(r"default nextval\(\S+\)", "identity by default", line)


@contextmanager
def scratch(cursor, search_path):
    """A schema, first in the search_path, for the block; nothing of it is left afterwards."""
    with transaction.atomic(using=cursor.db.alias):
        cursor.execute(f"CREATE SCHEMA {SCRATCH}; SET LOCAL search_path = {search_path}")
        yield
        transaction.set_rollback(True, using=cursor.db.alias)


def failing(cursor, columns):
    """Return why the columns, pairs of table and column, cannot get the key's other type.

    It is tried on an empty table with the same indexes and constraints. Tables that only have
    indexes and constraints of plain columns are left out: PostgreSQL rebuilds these.
    """
    found = []
    for table, column, kind in rows(cursor, UNUSUAL, list(map(list, zip(*columns, strict=True)))):
        new = {"integer": "bigint", "bigint": "integer"}.get(kind, kind)
        try:
            with scratch(cursor, f"{SCRATCH}, public"):
                cursor.execute(f"CREATE TABLE {SCRATCH}.it (LIKE {table} INCLUDING ALL)")
                cursor.execute(f"ALTER TABLE {SCRATCH}.it ALTER {column} TYPE {new}")
        except DatabaseError as error:
            found.append(f"an index or constraint of {table} ({str(error).splitlines()[0]})")
    return found


UNUSUAL = """
    SELECT name, quote_ident(attname), format_type(atttypid, atttypmod)
    FROM unnest(%s::text[], %s::text[]) AS given (name, column_name)
    JOIN pg_attribute ON attrelid = to_regclass(name) AND attname = column_name
    WHERE EXISTS (SELECT FROM pg_constraint WHERE conrelid = attrelid AND contype IN ('c', 'x')
            AND attnum = ANY(conkey))
        OR EXISTS (SELECT FROM pg_index JOIN pg_opclass ON pg_opclass.oid = ANY(indclass)
            WHERE indrelid = attrelid AND (NOT opcdefault AND attnum = ANY(indkey) OR EXISTS (
                SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = indexrelid
                AND refclassid = 'pg_class'::regclass AND refobjid = attrelid
                AND refobjsubid = attnum
                AND (indexprs IS NOT NULL OR indpred IS NOT NULL))))
"""


def keys_of(cursor, users):
    """Return (table, column, what prevents a new type) of each column that points at users.

    A foreign key of a partitioned table is that of each partition too, and found once.
    """
    return rows(cursor, POINTING, [users])


POINTING = """
    SELECT conrelid::regclass::text, attname::text, concat_ws(', ',
        CASE WHEN attinhcount > 0 THEN 'the inheritance of ' || conrelid::regclass END,
        CASE WHEN attnum = ANY(partattrs) THEN 'the partition key of ' || conrelid::regclass END,
        CASE WHEN reloftype > 0 THEN 'the type of ' || conrelid::regclass END,
        CASE WHEN atttypid <> (SELECT atttypid FROM pg_attribute WHERE attrelid = confrelid
                               AND attnum = confkey[1])
            THEN format('column %%I of %%s, whose type is not the key''s', attname,
                conrelid::regclass) END,
        (SELECT format('a name or comment of its own of constraint %%I on a partition of %%s',
            min(conname), own.conrelid::regclass) FROM pg_constraint AS part
         WHERE part.conparentid = own.oid AND (obj_description(part.oid, 'pg_constraint')
            IS NOT NULL OR part.conname <> own.conname) HAVING count(*) > 0),
        (SELECT 'a disabled trigger of constraint ' || own.conname FROM pg_trigger
         WHERE tgconstraint = own.oid AND tgenabled <> 'O' LIMIT 1),
        CASE WHEN NOT pg_has_role(relowner, 'USAGE')
            THEN format('the owner of %%s, who is not %%s', conrelid::regclass, current_user) END)
    FROM pg_constraint AS own JOIN pg_class ON pg_class.oid = conrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    LEFT JOIN pg_partitioned_table ON partrelid = conrelid
    WHERE confrelid = to_regclass(%s) AND contype = 'f' AND conparentid = 0
      AND cardinality(conkey) = 1
    ORDER BY 1, 2
"""
