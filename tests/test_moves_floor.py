"""What PostgreSQL needs for a move's rewrites and inserts alone, done again."""

import pytest

from workbench.move import watch
from workbench.server import databases, postgres

NAME = "moves_floor"
# what a move may have done, and whether the floor counts it
DONE = {
    "INSERT INTO it SELECT n, 'x' FROM generate_series(1001, 2000) AS n": True,
    "UPDATE it SET name = name || '!' WHERE id <= 500": True,
    "ALTER TABLE it ALTER COLUMN id TYPE bigint": True,
    "CREATE TABLE other AS SELECT * FROM it": True,
    "ALTER TABLE it RENAME TO them": False,
    "INSERT INTO it VALUES (1001, 'x')": False,
}


@pytest.fixture
def connection(server):
    databases.anew(server, NAME)
    with postgres.connect(server, NAME) as connection:
        connection.execute("CREATE SCHEMA census")
        connection.execute("CREATE TABLE it (id integer PRIMARY KEY, name text)")
        connection.execute("INSERT INTO it SELECT n, 'x' FROM generate_series(1, 1000) AS n")
        yield connection
    databases.drop(server, NAME)


def counted(connection):
    """The tables, once PostgreSQL has counted what this session did."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    connection.execute("SELECT pg_stat_clear_snapshot()")
    return watch.tables(connection)


@pytest.mark.parametrize(("statement", "counts"), DONE.items())
def test_what_was_written_is_written_once_more_and_nothing_else(connection, statement, counts):
    before = counted(connection)
    connection.execute(statement)
    after = counted(connection)
    [rows] = connection.execute("SELECT count(*) FROM pg_class").fetchone()
    assert (watch.seconds(connection, before, after) > 0) == counts
    assert connection.execute("SELECT count(*) FROM pg_class").fetchone() == (rows,)


def test_a_row_that_was_updated_twice_is_updated_once(connection, monkeypatch):
    """A move that writes more than it has to does not make its own floor higher."""
    did = []
    monkeypatch.setattr(watch, "timed", lambda connection, statement: did.append(statement) or 1.0)
    before = counted(connection)
    for _ in range(3):
        connection.execute("UPDATE it SET name = name || '!'")
    assert watch.seconds(connection, before, counted(connection)) == 1.0
    assert len(did) == 2
