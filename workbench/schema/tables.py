"""What a variant's tables are in PostgreSQL, and which of them are the players'."""

from collections.abc import Mapping

from suite import catalog
from suite.catalog import Table
from workbench.errors import WorkbenchError
from workbench.server import databases, postgres

Tables = dict[str, Table]

# by these columns the user's table is known, whatever its name
USER_COLUMNS = {"username", "password", "last_login"}


def read(server: Mapping[str, str], variant: str) -> Tables:
    """All tables of a variant, by name; its database is made and migrated if it is not there.

    server holds libpq's variables. Raises WorkbenchError if the database is somebody else's.
    """
    databases.prepare_new(server, variant)
    with postgres.connect(server, variant) as connection:
        return catalog.tables(connection.cursor())


def user_table(variant: str, tables: Tables) -> str:
    """The name of the table of users; raises WorkbenchError if there is none."""
    for name, table in tables.items():
        if {column.name for column in table.columns} >= USER_COLUMNS:
            return name
    raise WorkbenchError(
        f"{variant} has no table of users: make it with `workbench manage {variant} migrate`."
    )


def of_players(variant: str, tables: Tables) -> Tables:
    """The user's table first, then those that point at it, but for Django's own book-keeping."""
    user = user_table(variant, tables)
    pointing = {
        name: table
        for name, table in tables.items()
        if any(key.target == user for key in table.foreign_keys)
        and name != user
        and not name.startswith("django_")
    }
    return {user: tables[user]} | pointing


def role(name: str, user: str) -> str:
    """What a table is in every variant: `user` and what is named after it, whatever that name."""
    return "user" + name.removeprefix(user) if name.startswith(user) else name
