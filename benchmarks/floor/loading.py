"""Loading many players into empty tables by hand: a COPY for each table, and the indexes after it.

`add` takes the players as `roster.add_many` does, from anything that can be gone through once;
`add_lines` takes rows that lie ready in files, as PostgreSQL itself has written them (`lines`).
"""

from contextlib import contextmanager

from benchmarks.floor.common import UNUSABLE, now

EXTRAS = ("birthdate", "discord_id", "zoom_id")
# what is the same in every row, and still sent with each: this is what COPY is by itself
PLAIN = "password, first_name, last_name, is_staff, is_superuser, is_active, date_joined"
# the key to which other tables' refer stays
CONSTRAINTS = """
    SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname)
        AS drop,
        'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname) || ' '
        || pg_get_constraintdef(oid) AS make
    FROM pg_constraint AS its
    WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype IN ('p', 'u', 'f')
      AND (contype = 'f' OR NOT EXISTS (
          SELECT FROM pg_constraint WHERE contype = 'f' AND conindid = its.conindid
              AND conrelid <> ALL(%(tables)s::regclass[])))
    ORDER BY contype = 'f' DESC
"""
INDEXES = """
    SELECT 'DROP INDEX ' || indexrelid::regclass AS drop, pg_get_indexdef(indexrelid) AS make
    FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
PIECE = 2**16


def add(connection, rows, table, extras=EXTRAS, people=None):
    """Add players with the extras in columns of the same table, or in those of another, `people`.

    With two tables the second COPY begins after the first, so its rows are kept until then.
    """
    own = ["id", "username", "email", *(() if people else extras)]
    tables = [table, *([people] if people else [])]
    kept, last, plain = [], 0, (UNUSABLE, "", "", False, False, True, now())
    cursor = connection.cursor()
    with bare(connection, tables):
        with cursor.copy(f"COPY {table} ({', '.join(own)}, {PLAIN}) FROM STDIN") as copy:
            for last, row in enumerate(rows, 1):
                values = [row.get(name) for name in extras]
                if people:
                    kept.append((last, *values))
                    values = ()
                copy.write_row((last, row["username"], row.get("email", ""), *values, *plain))
        if people:
            names = ", ".join(["user_id", *extras])
            with cursor.copy(f"COPY {people} ({names}) FROM STDIN") as copy:
                for row in kept:
                    copy.write_row(row)
    go_on_after(connection, table, "id")
    return last


def lines(connection, files):
    """Write all rows of the tables, {table: path}, as COPY has them."""
    for table, path in files.items():
        with open(path, "wb") as file, connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
            file.writelines(copy)


def add_lines(connection, files):
    """Add the rows that `lines` wrote: the work that is PostgreSQL's alone."""
    with bare(connection, list(files)):
        for table, path in files.items():
            with (
                open(path, "rb") as file,
                connection.cursor().copy(f"COPY {table} FROM STDIN") as copy,
            ):
                while piece := file.read(PIECE):
                    copy.write(piece)
    for table in files:
        go_on_after(connection, table, *keys_with_sequence(connection, table))


@contextmanager
def bare(connection, tables):
    """One transaction in which the tables have neither indexes nor keys until the end."""
    with connection.transaction():
        dropped = []
        for query in (CONSTRAINTS, INDEXES):
            found = connection.execute(query, {"tables": tables}).fetchall()
            for its in found:
                connection.execute(its["drop"])
            dropped += found
        yield
        connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
        for its in reversed(dropped):
            connection.execute(its["make"])


def keys_with_sequence(connection, table):
    """The columns of the table that are numbered by a sequence of its own."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attidentity <> ''",
        [table],
    )
    return [its["attname"] for its in found.fetchall()]


def go_on_after(connection, table, *keys):
    """Let the sequences of the keys go on after the greatest that is there."""
    for key in keys:
        connection.execute(
            f"""SELECT setval(pg_get_serial_sequence(%s, %s), max({key}))
                FROM {table} HAVING max({key}) IS NOT NULL""",
            [table, key],
        )
