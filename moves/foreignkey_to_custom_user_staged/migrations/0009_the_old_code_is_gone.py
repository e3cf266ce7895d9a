"""Triggers and person go: strong locks, for a moment. On the way back person is empty."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0008_all_rows_in_the_archive")]

    operations = [
        operations.Reversed(operations.Mirror("person_id")),
        # new rows get other numbers than those that wait in the archive
        operations.Sql(
            backwards="""
                DO $$ BEGIN IF to_regclass('archive.person') IS NOT NULL THEN
                    PERFORM setval(pg_get_serial_sequence('person', 'person_id'), max(person_id))
                    FROM archive.person HAVING max(person_id) IS NOT NULL;
                END IF; END $$"""
        ),
        operations.DropModel("Person"),
    ]
