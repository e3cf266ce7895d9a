"""Write the SQL of a query once and keep it.

Django writes the SQL of a queryset again for each query. Here Django writes it once. A call then
costs little more than PostgreSQL's answer.

Cost: each query needs a second function, and nothing can refine the queryset any more. Django does
not convert the values, so it works only for types that psycopg returns as Django does.
"""

from functools import cache

from django.db import connection
from players.models import User
from players.roster import *  # noqa: F403
from players.roster import DETAILS


@cache
def find_sql():
    """Return the SQL with a placeholder for the username."""
    users = User.objects.values(*DETAILS).filter(username="any")
    sql, _ = users.query.sql_with_params()
    return sql


def find(username):
    """Return one user's details as a dict, or None."""
    return next(iter(rows(find_sql(), username)), None)


@cache
def page_sql(size):
    """Return the SQL with a placeholder for the username before the page."""
    users = User.objects.values(*DETAILS).filter(username__gt="any")
    sql, _ = users.order_by("username")[:size].query.sql_with_params()
    return sql


def page(after="", size=50):
    """Return the details of the next `size` users in the order of their usernames."""
    return rows(page_sql(size), after)


def rows(sql, value):
    """Send the SQL with a value for its placeholder, and return the rows as dicts."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [value])
        return [dict(zip(DETAILS, row, strict=True)) for row in cursor.fetchall()]
