"""A subject that says what an act returns and what it leaves, to compare one way with another.

workbench.inside runs it instead of workbench.bench.inside.subject.
"""

import json
from contextlib import ExitStack, contextmanager

from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction

from workbench.bench.inside import acts, people
from workbench.bench.inside.subject import Subject, obey

# what no two runs have in common
OWN = ("id", "person_id", "user_id", "password", "date_joined", "last_login", "session_key")


def main(**order):
    obey(SubjectWithOutcomes(**order))


class SubjectWithOutcomes(Subject):
    def outcome(self, operation, way):
        """What a call returns and leaves; nothing of it stays."""
        raw = self._raw["sql"] if way == "sql" else None
        [number, *_] = self._numbers(operation)
        return outcome(self._acts[operation, way], number, raw)


def outcome(act, number, raw):
    """`result` and `rows`, by table, after one call in a transaction that is undone.

    raw: psycopg's connection on which the act works, or None for Django's. An id that is
    returned is told as the name of the user who has it, a session's key as there being one.
    """
    with ExitStack() as stack:
        if raw is None:
            stack.enter_context(one_transaction_for_requests())
            stack.enter_context(transaction.atomic())
            stack.callback(transaction.set_rollback, True)
            ask = stack.enter_context(connection.cursor())
        else:
            stack.enter_context(raw.transaction(force_rollback=True))
            ask = raw.cursor()
        acts.from_the_first()
        given = act.ready(number)
        result = act.call(given)
        return {"result": told(act, result, ask), "rows": rows(ask)}


@contextmanager
def one_transaction_for_requests():
    """A request does not close the connection, as it would in the middle of a transaction."""
    both = (request_started, request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in both:
            signal.connect(close_old_connections)


def told(act, result, ask):
    """The result, comparable."""
    if act.operation == "register":
        [users, *_] = people.tables()
        [name] = asked(ask, "to_jsonb(username)", f"FROM {users} WHERE id = {result}")
        return name
    if act.operation in ("register_page", "login_page"):
        [sessions] = asked(
            ask, "to_jsonb(count(*))", f"FROM django_session WHERE session_key = '{result}'"
        )
        return sessions
    return result.decode() if isinstance(result, bytes) else result


def rows(ask):
    """The rows of all players, without what no two runs have in common."""
    [users, *others] = people.tables()
    same = f"to_jsonb(them) - ARRAY{list(OWN)}"
    about = """jsonb_build_object('hasher', substring(password from '^[a-z0-9]+|^!'),
                                  'has_logged_in', last_login IS NOT NULL)"""
    found = {users: asked(ask, f"{same} || {about}", f"FROM {users} AS them ORDER BY username")}
    for table in others:
        found[table] = asked(
            ask,
            f"{same} || jsonb_build_object('of', username)",
            f"FROM {table} AS them JOIN {users} ON {users}.id = user_id ORDER BY username",
        )
    found["django_session"] = asked(ask, "to_jsonb(count(*))", "FROM django_session")
    return found


def asked(ask, column, whence):
    """A column of jsonb, whatever form the connection gives rows."""
    ask.execute(f"SELECT ({column})::text AS its {whence}")
    values = (row["its"] if isinstance(row, dict) else row[0] for row in ask.fetchall())
    return [json.loads(value) for value in values]
