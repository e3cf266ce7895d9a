"""The extras that are there already, a thousand people at a time, each batch committed.

FOR SHARE: between the reading of a batch and its writing nobody may change it, or the old value
would be written over the new one. Stopped anywhere, it begins again and copies what still differs.
"""

from django.db import migrations

BATCH = """
    WITH batch AS MATERIALIZED (
        SELECT * FROM person WHERE user_id > %s ORDER BY user_id LIMIT 1000 FOR SHARE
    ), copied AS (
        UPDATE auth_user SET birthdate = batch.birthdate, discord_id = batch.discord_id,
            zoom_id = batch.zoom_id
        FROM batch WHERE batch.user_id = auth_user.id
          AND (auth_user.birthdate, auth_user.discord_id, auth_user.zoom_id)
            IS DISTINCT FROM (batch.birthdate, batch.discord_id, batch.zoom_id)
    )
    SELECT max(user_id) FROM batch
"""


def copy(apps, editor):
    last = 0
    while last is not None:
        with editor.connection.cursor() as cursor:
            cursor.execute(BATCH, [last])
            [last] = cursor.fetchone()


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("players", "0004_both_sides_kept_equal")]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
