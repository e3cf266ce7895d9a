"""A migration that is done and recorded in one transaction, forward and back."""

from contextlib import contextmanager

from django.db import InternalError, migrations
from django.db.migrations.recorder import MigrationRecorder
from psycopg.errors import DependentObjectsStillExist

from moves.operations.base import Refused

# to sort, to join and to build indexes of all players at once, unless the server gives more
ENOUGH_MEMORY = """
    SELECT set_config(name, '256MB', true) FROM pg_settings
    WHERE name IN ('work_mem', 'maintenance_work_mem')
      AND pg_size_bytes(current_setting(name)) < pg_size_bytes('256MB')
"""


class Migration(migrations.Migration):
    """Django's, whose record is written in the transaction of its changes.

    Django writes it in a second one where statements are put off to the end, as foreign keys and
    indexes are, and always on the way back (MigrationExecutor.apply_migration, unapply_migration).
    A process that is killed between the two would leave what is done unrecorded, and it would be
    done once more.

    In a transaction it also has memory for work on all players at once.
    """

    def apply(self, project_state, schema_editor, collect_sql=False):
        self.get_memory(schema_editor, collect_sql)
        with without_cascade(schema_editor):
            state = super().apply(project_state, schema_editor, collect_sql)
        if not collect_sql:
            run_what_is_put_off(schema_editor)
        return state

    def unapply(self, project_state, schema_editor, collect_sql=False):
        self.get_memory(schema_editor, collect_sql)
        with without_cascade(schema_editor):
            state = super().unapply(project_state, schema_editor, collect_sql)
        if not collect_sql:
            run_what_is_put_off(schema_editor)
            recorder = MigrationRecorder(schema_editor.connection)
            recorder.record_unapplied(self.app_label, self.name)
        return state

    def get_memory(self, schema_editor, collect_sql):
        if self.atomic and not collect_sql:
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(ENOUGH_MEMORY)


@contextmanager
def without_cascade(schema_editor):
    """Let Django's own operations drop nothing else: raises Refused if something depends on it.

    Django drops tables and columns with CASCADE (BaseDatabaseSchemaEditor.sql_delete_table).
    """
    for name in ("sql_delete_table", "sql_delete_column"):
        setattr(schema_editor, name, getattr(schema_editor, name).removesuffix(" CASCADE"))
    try:
        yield
    except InternalError as error:
        if not isinstance(error.__cause__, DependentObjectsStillExist):
            raise
        what = " ".join(error.__cause__.diag.message_detail.split("\n"))
        raise Refused(f"The move would lose more than its own: {what}. Drop it first.") from error


def run_what_is_put_off(schema_editor):
    while schema_editor.deferred_sql:
        schema_editor.execute(schema_editor.deferred_sql.pop(0), None)
