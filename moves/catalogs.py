"""What PostgreSQL keeps beside the rows, as lines of text: a move keeps each line or refuses.

Both sides use it: a move, to find what Django's models would not give back, and its verification.
Source: PostgreSQL 18 docs, part VII, chapter 52 "System Catalogs".
"""

import re
from typing import Any


def facts(cursor: Any, *schemas: str, table: str | None = None) -> dict[str, set[str]]:
    """Return {schema: its lines}, such as "table person: column 2 zoom_id text"; no rows.

    cursor: psycopg's or Django's. schemas: their names, which are left out of the lines. table: the
    name of the only one to describe; without it, also views, functions and what else is there.
    """
    found: dict[str, set[str]] = {schema: set() for schema in schemas}
    names = re.compile(rf"\b({'|'.join(schemas)})\.")
    oids = ", ".join(f"'{schema}'::regnamespace" for schema in schemas)
    its = f"= '{table}'" if table else "<> ''"
    for sql in (TABLES, COLUMNS, PARTS, SEQUENCES, OTHERS)[: 4 if table else 5]:
        cursor.execute(sql.replace("these_schemas", oids).replace("<> 'all'", its))
        for schema, *words in cursor.fetchall():
            found[schema].add(names.sub("", " ".join(words)))
    return found


TABLES = """
    SELECT relnamespace::regnamespace::text, 'table', concat(relname, ':'), concat_ws(', ',
        'owner ' || pg_get_userbyid(relowner),
        CASE WHEN relacl <> acldefault('r', relowner) THEN 'privileges ' || relacl::text END,
        CASE relpersistence WHEN 'u' THEN 'unlogged' END,
        CASE WHEN relrowsecurity THEN 'row level security' END,
        CASE WHEN relforcerowsecurity THEN 'row level security forced' END,
        'parameters ' || array_to_string(reloptions, ', '),
        CASE WHEN relreplident <> 'd' THEN 'replica identity ' || relreplident::text END,
        'tablespace ' || spcname,
        'partitioned by ' || pg_get_partkeydef(own.oid),
        'partition ' || pg_get_expr(relpartbound, own.oid),
        (SELECT 'inherits ' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
         FROM pg_inherits WHERE inhrelid = own.oid),
        'comment ' || obj_description(own.oid, 'pg_class'))
    FROM pg_class AS own LEFT JOIN pg_tablespace ON pg_tablespace.oid = reltablespace
    WHERE relnamespace IN (these_schemas) AND relkind IN ('r', 'p', 'f') AND relname <> 'all'
"""
COLUMNS = """
    SELECT relnamespace::regnamespace::text, 'table', concat(relname, ': column'), concat_ws(' ',
        row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname,
        format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN 'not null' END,
        CASE WHEN attcollation <> typcollation THEN 'collate ' || collname END,
        CASE WHEN attgenerated <> '' THEN 'generated' WHEN adbin IS NOT NULL THEN 'default' END,
        pg_get_expr(adbin, adrelid),
        CASE attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
        CASE WHEN attstorage <> typstorage THEN 'storage ' || attstorage::text END,
        CASE WHEN attcompression <> '' THEN 'compression ' || attcompression::text END,
        CASE WHEN attstattarget > 0 THEN 'statistics ' || attstattarget END,
        'options ' || array_to_string(attoptions, ', '),
        'privileges ' || nullif(attacl, '{}')::text,
        'comment ' || col_description(attrelid, attnum))
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE relnamespace IN (these_schemas) AND relkind IN ('r', 'p', 'f') AND relname <> 'all'
      AND attnum > 0 AND NOT attisdropped
"""
# constraints, indexes, and what else belongs to one table
PARTS = """
    SELECT relnamespace::regnamespace::text, 'table', concat(relname, ':'), what
    FROM pg_class CROSS JOIN LATERAL (
        SELECT concat_ws(' ', 'constraint', conname, pg_get_constraintdef(own.oid),
            (SELECT 'disabled' FROM pg_trigger
             WHERE tgconstraint = own.oid AND tgenabled <> 'O' LIMIT 1),
            'comment ' || obj_description(own.oid, 'pg_constraint')) AS what
        FROM pg_constraint AS own WHERE conrelid = pg_class.oid
        UNION ALL
        SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid),
            CASE WHEN indisclustered THEN 'clustered' END,
            CASE WHEN indisreplident THEN 'replica identity' END,
            CASE WHEN NOT indisvalid THEN 'not valid' END,
            'tablespace ' || spcname, 'comment ' || obj_description(indexrelid, 'pg_class'))
        FROM pg_index JOIN pg_class AS own ON own.oid = indexrelid
        LEFT JOIN pg_tablespace ON pg_tablespace.oid = own.reltablespace
        WHERE indrelid = pg_class.oid
        UNION ALL
        SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid), 'enabled ' || tgenabled::text,
            'comment ' || obj_description(oid, 'pg_trigger'))
        FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal
        UNION ALL
        SELECT concat_ws(' ', 'policy', polname, polcmd, polpermissive,
            polroles::regrole[], pg_get_expr(polqual, polrelid),
            'check ' || pg_get_expr(polwithcheck, polrelid))
        FROM pg_policy WHERE polrelid = pg_class.oid
        UNION ALL
        SELECT concat_ws(' ', 'rule', pg_get_ruledef(oid), 'enabled ' || ev_enabled::text)
        FROM pg_rewrite WHERE ev_class = pg_class.oid AND rulename <> '_RETURN'
        UNION ALL
        SELECT concat_ws(' ', pg_get_statisticsobjdef(oid),
            'comment ' || obj_description(oid, 'pg_statistic_ext'))
        FROM pg_statistic_ext WHERE stxrelid = pg_class.oid
        UNION ALL
        SELECT concat_ws(' ', 'publication', pubname, prattrs::text,
            pg_get_expr(prqual, prrelid))
        FROM pg_publication_rel JOIN pg_publication ON pg_publication.oid = prpubid
        WHERE prrelid = pg_class.oid
    ) AS part
    WHERE relnamespace IN (these_schemas) AND relkind IN ('r', 'p', 'f') AND relname <> 'all'
"""
SEQUENCES = """
    SELECT own.relnamespace::regnamespace::text,
        coalesce('table ' || refobjid::regclass || ': sequence', 'sequence'), concat_ws(' ',
        own.relname, 'for ' || attname, format_type(seqtypid, NULL), 'start', seqstart,
        'increment', seqincrement, 'from', seqmin, 'to', seqmax, 'cache', seqcache,
        CASE WHEN seqcycle THEN 'cycle' END, CASE own.relpersistence WHEN 'u' THEN 'unlogged' END,
        'owner ' || pg_get_userbyid(own.relowner),
        CASE WHEN own.relacl <> acldefault('s', own.relowner)
            THEN 'privileges ' || own.relacl::text END,
        'comment ' || obj_description(own.oid, 'pg_class'))
    FROM pg_sequence JOIN pg_class AS own ON own.oid = seqrelid
    LEFT JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass
      AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    LEFT JOIN pg_class AS its ON its.oid = refobjid
    WHERE own.relnamespace IN (these_schemas) AND coalesce(its.relname, '-') <> 'all'
"""
OTHERS = """
    SELECT relnamespace::regnamespace::text,
        CASE relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, relname,
        concat_ws(' ', pg_get_viewdef(oid), 'owner ' || pg_get_userbyid(relowner),
            CASE WHEN relacl <> acldefault('r', relowner) THEN 'privileges ' || relacl::text END,
            array_to_string(reloptions, ', '), 'comment ' || obj_description(oid, 'pg_class'))
    FROM pg_class WHERE relnamespace IN (these_schemas) AND relkind IN ('v', 'm')
    UNION ALL
    SELECT pronamespace::regnamespace::text, 'function', oid::regprocedure::text,
        concat_ws(' ', CASE WHEN prokind <> 'a' THEN pg_get_functiondef(oid) END,
            'owner ' || pg_get_userbyid(proowner),
            CASE WHEN proacl <> acldefault('f', proowner) THEN 'privileges ' || proacl::text END,
            'comment ' || obj_description(oid, 'pg_proc'))
    FROM pg_proc WHERE pronamespace IN (these_schemas)
    UNION ALL
    SELECT typnamespace::regnamespace::text, 'type', format_type(oid, NULL),
        concat_ws(' ', typtype, typbasetype::regtype::text)
    FROM pg_type WHERE typnamespace IN (these_schemas) AND typtype IN ('e', 'd', 'r')
    UNION ALL
    SELECT nspname::text, 'schema', nspname, concat_ws(' ', 'owner ' || pg_get_userbyid(nspowner),
        'privileges ' || nspacl::text, 'comment ' || obj_description(oid, 'pg_namespace'))
    FROM pg_namespace WHERE oid IN (these_schemas)
"""
