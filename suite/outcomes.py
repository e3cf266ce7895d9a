"""Try something, and say what came of it; what was said stays as evidence."""

from contextlib import contextmanager

from django.db import connection, transaction

from suite import catalog
from suite.evidence import evidence


def outcome(action):
    """Run `action` in a transaction: "accepted", or the class of its error as text.

    A deferred constraint speaks only when a real transaction ends: ask for transactional_db.
    """
    try:
        with transaction.atomic():
            action()
    except Exception as error:
        evidence.add("error", f"{type(error).__name__}: {error}")
        return type(error).__name__
    return "accepted"


def saw(value):
    """Keep `value` as evidence, and give it back."""
    evidence.add("saw", value)
    return value


def plan(query):
    """How PostgreSQL would run a queryset: its plan as text, without costs."""
    sql, params = query.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", params)
        text = "\n".join(line for (line,) in cursor)
    evidence.add("plan", text)
    return text


def rows(sql, params=()):
    """What PostgreSQL answers to a query in SQL: a list of tuples."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def tables():
    """All tables, as PostgreSQL's catalogs have them; the catalog queries are no evidence."""
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        return catalog.tables(cursor)


@contextmanager
def heard(signal, sender=None):
    """A list of the models that send a signal of Django's inside the block: ["players.Person"].

    With a `sender` only that model is listened to.
    """
    senders = []

    def note(sender, **kwargs):
        senders.append(sender._meta.label)
        evidence.add("saw", f"a signal, sent by {sender._meta.label}")

    signal.connect(note, sender=sender)
    try:
        yield senders
    finally:
        signal.disconnect(note, sender=sender)
