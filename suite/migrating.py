"""Try one operation of a migration of ours, in the transaction of the test."""

from django.apps import apps
from django.db import connection
from django.db.migrations.state import ProjectState


def migrated(operation):
    """Run an operation as `migrate` would for the app players; returns the app's models after it.

    A migration begins with nothing left to check, so deferred constraints are checked first.
    """
    before = ProjectState.from_apps(apps)
    after = before.clone()
    operation.state_forwards("players", after)
    with connection.schema_editor() as editor:
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        operation.database_forwards("players", editor, before, after)
    return after.apps
