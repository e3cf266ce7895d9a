"""Querysets whose SQL is written once and kept.

Django writes the SQL of a queryset anew whenever it runs, which takes Python longer than it takes
PostgreSQL to find a player. What is asked again and again can keep it: only the values are new.
"""

from functools import lru_cache, wraps

from django.db import connection


class Coming(str):
    """Stands in the SQL for a value that comes with each call."""


def kept(write):
    """Let a function that writes a queryset of values() return its rows instead, as dicts.

    What is given by position is a text that PostgreSQL gets with each call; what is given by name
    (a limit, say) is part of the SQL, of which each is kept apart. Raises TypeError if the
    queryset does something else with the texts than to send them.
    """

    @lru_cache
    def written(number, **parts):
        coming = [Coming(n) for n in range(number)]
        sql, values = write(*coming, **parts).query.sql_with_params()
        if [value for value in values if isinstance(value, Coming)] != coming:
            raise TypeError(f"{write.__name__} does not send its values as they are")
        return sql, values

    @wraps(write)
    def rows(*given, **parts):
        sql, values = written(len(given), **parts)
        new = iter(given)
        values = [next(new) if isinstance(value, Coming) else value for value in values]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return rows
