"""A migration that is done and recorded in one transaction, forward and back."""

from django.db import migrations
from django.db.migrations.recorder import MigrationRecorder

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
        state = super().apply(project_state, schema_editor, collect_sql)
        if not collect_sql:
            run_what_is_put_off(schema_editor)
        return state

    def unapply(self, project_state, schema_editor, collect_sql=False):
        self.get_memory(schema_editor, collect_sql)
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


def run_what_is_put_off(schema_editor):
    while schema_editor.deferred_sql:
        schema_editor.execute(schema_editor.deferred_sql.pop(0), None)
